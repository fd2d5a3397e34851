# What is read stays as it is: no GET changes a row of any table, but for what
# nginx notes of itself (its log, when a session was used last), and none has a
# row in the audit log unless it says so.

use lib 't/lib';
use TaiFish;
use TaiFish::Schema;
use TaiFish::Seed;

my $tf = TaiFish->new(http => 'taifish_run_wait 100ms');
TaiFish::Seed::fleet($tf, accounts => 1000, instances => 10);
$tf->start_nginx;

my $admin = $tf->as('admin');
my $run = $tf->value("INSERT INTO task_runs (task_key, task_category,
    trigger_source, status, completed_at, progress_total)
    VALUES ('sync_accounts', 'account', 'manual', 'completed', now(), 1)
    RETURNING run_id");
$admin->post('/auth/tokens', { name => 'one' });
my @operations = grep { $_->{method} eq 'GET' }
    TaiFish::Schema->new($admin->get('/openapi.json')->json)->operations;
my %name = (run_id => $run, db_type => 'mysql', job_id => 'sync_accounts');

# Rows of each table that were ever written.  What a connection did is counted
# at the latest when it ends.

sub written {
    $tf->stop_nginx;
    ok TaiFish::Server::until_true(20, sub { !$tf->value("SELECT count(*)
        FROM pg_stat_activity WHERE usename = 'taifish_api'") }),
        'nginx is gone';
    return map { $_->{name} => $_->{n} } $tf->rows("SELECT relname AS name,
        n_tup_ins + n_tup_upd + n_tup_del AS n FROM pg_stat_user_tables
        WHERE relname !~ '^(app_logs|app_log_counts|sessions)'");
}

my %before = written();
my $seq = $tf->value('SELECT seq FROM audit_head');
$tf->start_nginx;

my ($found, $noted) = (0, 0);

for my $op (grep { $_->{path} !~ m{/events$} } @operations) {
    my $path = $op->{path} =~ s/\{(\w+)\}/$name{$1} \/\/ 1/ger;
    my @needs = map { my $s = $op->{query}{$_};
        "$_=" . ($s->{enum} ? (grep { defined } @{ $s->{enum} })[0] : 1) }
        @{ $op->{needs} };
    my $r = $admin->get($path . (@needs ? '?' . join '&', @needs : ''));
    $found++ if $r->status == 200;
    $noted++ if $path =~ m{/exports$};
    cmp_ok $r->status, '<', 500, "GET $path" or diag $r->as_string;
}

cmp_ok $found, '>', 0.8 * @operations, "$found of " . @operations
    . ' had an answer';
my %after = written();
$before{$_} //= 0 for keys %after;
my %changed = map { $_ => $after{$_} - $before{$_} }
    grep { $after{$_} != $before{$_} } keys %after;
my @log = grep { /^audit_/ } keys %changed;
delete @changed{@log};
is_deeply \%changed, {}, 'nothing was changed by them';
is $tf->value('SELECT seq FROM audit_head') - $seq, $noted,
    'and exports alone are in the audit log';

done_testing;
