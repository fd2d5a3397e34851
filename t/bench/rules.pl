#!/usr/bin/perl

# The fourth part of make bench: 10,000 accounts of an instance x 100 rules, as
# the worker does it (reads the snapshots, evaluates, writes the difference in
# one transaction), and the evaluation alone.  The second time nothing becomes
# different.  It is to take one second of one core; seconds of the processor
# are the worker's and its session's of PostgreSQL together.

use FindBin;
use lib "$FindBin::Bin/../lib";
use TaiFish;
use TaiFish::Seed;

my $accounts = 10_000;
my $rules = 100;
my $missed = 0;

$| = 1;

my $tf = TaiFish->new(workers => 1, pg => { shared_buffers => '256MB' });
TaiFish::Seed::fleet($tf, accounts => $accounts, instances => 1);
$tf->start_nginx;

my $admin = $tf->as('admin');
my $at = '/accounts/classifications';
my $engine = $tf->value('SELECT db_type FROM instances');
my $class = $tf->value('SELECT min(id) FROM account_classes');
my @make = (
    sub { "SUPERUSER AND NOT (NAME LIKE 'app\\_$_[0]%' OR LOCKED)" },
    sub { "PRIVILEGE 'SELECT' ON DATABASE 'app$_[0]' AND NOT SYSTEM" },
    sub { "ROLE 'role_$_[0]' OR PRIVILEGE 'INSERT' ON GLOBAL AND LOCKED" },
    sub { "NAME MATCHES '[a-z]+_[a-z]+_prod_[0-9]*$_[0]'" },
    sub { "CAN GRANT AND (PRIVILEGE 'UPDATE' ON DATABASE 'app$_[0]'"
          . " OR CAPABILITY 'SUPERUSER')" },
);
my $have = "SELECT count(*) FROM classification_rules
            WHERE is_active AND db_type = '$engine'";

while ((my $n = $tf->value($have)) < $rules) {
    my $r = $admin->post("$at/rules", { rule_name => "rule $n",
        db_type => $engine, classification_id => $class + 0,
        rule_text => $make[$n % @make]->($n) });
    $r->status == 201 or die $r->as_string;
}

# Seconds of the processor that processes have had.

sub cpu {
    my $ticks = 0;
    for my $pid (@_) {
        my @stat = split ' ', TaiFish::slurp("/proc/$pid/stat") =~ s/.*\) //sr;
        $ticks += $stat[11] + $stat[12];
    }
    return $ticks / 100;
}

sub busy {
    return (
        [split ' ', qx{ps -o pid= --ppid @{[$tf->worker->pid]}}],
        [split /\n/, $tf->value("SELECT pid FROM pg_stat_activity
            WHERE application_name LIKE 'taifish-worker%'")]);
}

my $queued = $tf->value("SELECT run_id FROM task_runs
    WHERE task_key = 'auto_classify_accounts' ORDER BY id LIMIT 1");
$tf->sql('DELETE FROM task_runs; VACUUM ANALYZE');
$tf->start_worker;
TaiFish::Server::until_true(30, sub { @{ (busy())[1] } >= 2 })
    or die 'no worker';

for my $what ('the first time', 'again') {
    my ($child, $session) = busy();
    my @before = (cpu(@$child), cpu(@$session));
    my $run = $admin->post("$at/actions/auto-classify", {})->data->{run_id};
    my $end = $tf->wait_run($run, 300);
    my @took = (cpu(@$child) - $before[0], cpu(@$session) - $before[1]);
    my $took = $tf->value("SELECT extract(epoch FROM completed_at - started_at)
                           FROM task_runs WHERE run_id = '$run'");
    my $metrics = JSON::PP::decode_json($tf->value("SELECT i.metrics
        FROM task_items i JOIN task_runs r ON r.id = i.run_id
        WHERE r.run_id = '$run'"));

    $missed++ if $took[0] + $took[1] > 1;
    printf "%d accounts x %d rules, %s: %.2f s; processor: worker %.2f s,"
        . " PostgreSQL %.2f s; %d assignments%s\n",
        @$metrics{qw(accounts_count rules_count)}, $what, $took, @took,
        $metrics->{total_matches},
        $took[0] + $took[1] > 1 ? ' *' : '';
}

for (['rules', "SELECT rule_expression FROM classification_rules
                WHERE is_active AND db_type = '$engine' ORDER BY id"],
     ['snapshots', 'SELECT v.snapshot FROM accounts a
                    JOIN account_versions v ON v.id = a.version_id
                    WHERE a.dropped_at IS NULL'])
{
    open my $out, '>:raw', $tf->dir . "/$_->[0]" or die $!;
    my $text = $tf->value("SELECT replace(x::text, E'\\n', ' ')
                           FROM ($_->[1]) q (x)") . "\n";
    utf8::encode($text) if utf8::is_utf8($text);
    print $out $text;
    close $out;
}

print 'the evaluation alone: ', `$TaiFish::BUILD/bench_rules $engine \\
    @{[$tf->dir]}/rules @{[$tf->dir]}/snapshots`;
print `uptime` =~ /(load.*)/, "\n";
print "*: more than a second\n" if $missed;
