# How PostgreSQL runs the statements of both lanes with many accounts: 100,000,
# and a million with TAIFISH_PROOF=1.  What counts is which rows and pages are
# read, which no load on the machine changes.

use lib 't/lib';
use TaiFish;
use TaiFish::Seed;
use TaiFish::Sql;

my $accounts = $ENV{TAIFISH_PROOF} ? 1_000_000 : 100_000;
my $tf = TaiFish->new(pg => { shared_buffers => '256MB' });
my $socket = $ENV{TAIFISH_PLANS_DB};    # a seeded database to look at

TaiFish::Seed::fleet($tf, accounts => $accounts) unless $socket;
$tf->pg->{socket} = $socket if $socket;

my %big = map { $_ => 1 } qw(accounts account_versions account_changes
                             task_items);

# As ngx_tf_pg_conf.c has them.
my %lane = (
    fast => 'SET plan_cache_mode = force_generic_plan;'
        . 'SET enable_hashjoin = off; SET enable_mergejoin = off;',
    slow => 'SET plan_cache_mode = force_custom_plan;');

my %value = (
    id => 1000, run_id => '00000000-0000-4000-8000-000000000000',
    session_id => '00000000-0000-4000-8000-000000000000', limit => 200,
    _offset => 800, _lang => 'en', _user_id => 1, _role => 'admin',
    instance_id => 7, name => 'db-crm-dev-2', username => 'admin',
    include_deleted => 'f', include_roles => 'f', _rows => 500);

# Parameter number $n of a statement; one of a list is a list.

sub quoted {
    my ($value, $sql, $n) = @_;
    return 'NULL' unless defined $value;
    $value = "{$value}" if $sql =~ /\$$n\b::\w+\[\]/ && $value !~ /^\{/;
    return "'" . ($value =~ s/'/''/gr) . "'";
}

# The plans of these statements: [statement, values] each.

sub plans {
    my ($lane, @wanted) = @_;
    my $out = $tf->pg->{dir} . '/plans';
    my $script = 'SET statement_timeout = 20000; SET jit = off;'
        . 'SET max_parallel_workers_per_gather = 0;'
        . "$lane{$lane}\n\\pset format unaligned\n\\pset tuples_only on\n"
        . "\\o $out\n";

    for my $i (0 .. $#wanted) {
        my ($s, $given) = @{ $wanted[$i] };
        my $n = 0;
        my $args = join ', ', map { quoted($given->{$_}, $s->{sql}, ++$n) }
            @{ $s->{names} };
        # what writes, or refuses, is only planned
        my $analyze = $s->{write} || $s->{sql} =~ /tf_fail/ ? ''
            : 'ANALYZE, TIMING OFF, BUFFERS, ';
        $script .= "\\qecho == $i\nPREPARE s$i AS $s->{sql};\n"
            . "EXPLAIN (${analyze}FORMAT JSON) EXECUTE s$i"
            . ($args ? " ($args)" : '') . ";\nDEALLOCATE s$i;\n";
    }

    # to a file: what psql says while it still reads would fill the pipe

    my (undef, $errors) = $tf->pg->psql($script, undef,
        '-v', 'ON_ERROR_STOP=0');
    my $text = TaiFish::slurp($out);
    my %said = $text =~ /^== (\d+)\n(.*?)(?=^== |\z)/msg;

    return map {
        my $text = $said{$_} // '';
        my ($json) = $text =~ /^(\[.*^\])/ms;
        $json ? JSON::PP->new->utf8(0)->decode($json)->[0]
            : { error => $text . substr $errors, 0, 500 };
    } 0 .. $#wanted;
}

# All nodes of a plan, each with the rows that came out of it in all.

sub nodes {
    my ($node) = @_;
    $node->{rows} = ($node->{'Actual Rows'} // 0)
        * ($node->{'Actual Loops'} // 1);
    return ($node, map { nodes($_) } @{ $node->{Plans} || [] });
}

sub pages {
    my ($plan) = @_;
    return ($plan->{'Shared Hit Blocks'} // 0)
        + ($plan->{'Shared Read Blocks'} // 0);
}

# What is wrong with a plan.

sub faults {
    my ($plan, %limit) = @_;
    return "no plan: $plan->{error}" unless $plan->{Plan};

    my @faults;
    for my $n (nodes($plan->{Plan})) {
        my $type = $n->{'Node Type'};

        push @faults, "reads all of $n->{'Relation Name'}"
            if $type eq 'Seq Scan' && $big{ $n->{'Relation Name'} }
               && !$limit{scan};
        push @faults, "$type of $n->{rows} rows"
            if $type =~ /Sort/ && defined $limit{sort}
               && $n->{rows} > $limit{sort};
    }

    my $pages = pages($plan->{Plan});
    push @faults, "$pages pages" if $pages > $limit{pages};
    return join ', ', @faults;
}


# --- the fast lane ---------------------------------------------------------

# metrics and the lists of people read all of what is small; a page skips 800
# rows and shows 200, each with its instance and version.

my %may = (metrics => { pages => 3000, scan => 1 });
my @fast = grep { !$_->{worker} && !$_->{slow} } TaiFish::Sql::statements();
my @plans = plans('fast', map { [$_, \%value] } @fast);

for my $i (0 .. $#fast) {
    is faults($plans[$i], pages => 5000, sort => 1000,
              %{ $may{ $fast[$i]{name} } || {} }), '',
        "fast: $fast[$i]{name}";
}


# --- the slow lane ---------------------------------------------------------

my %named = map { $_->{name} => $_ } TaiFish::Sql::statements();
my %first = (%value, limit => 20, _offset => 0, instance_id => undef);

# A search by a word that few have, that many have, that none has; a filter by
# each flag; each order; a page that comes after a row.

my @tries = (
    ['a rare name', 'accounts_list_by_username_asc',
     { search => '%gateway_prod_777%' }, 2500],
    ['a common name', 'accounts_list_by_username_asc',
     { search => '%orders%' }, 2500],
    ['an unknown name', 'accounts_list_by_username_asc',
     { search => '%xyzzyx%' }, 2500],
    ['two letters', 'accounts_list_by_username_asc', { search => '%zq%' },
     600],
    ['an instance\'s name', 'accounts_list_by_username_asc',
     { search => '%db-crm-dev-2%' }, 2500],
    ['a name with wildcards', 'accounts_list_by_username_asc',
     { search => '%100\\%\\_%' }, 2500],
    ['an instance', 'accounts_list_by_username_asc', { instance_id => 7 },
     2500],
    ['superusers', 'accounts_list_by_username_asc', { is_superuser => 't' },
     2500],
    ['locked', 'accounts_list_by_username_desc', { is_locked => 't' }, 2500],
    ['an engine', 'accounts_list_by_username_asc', { db_type => 'mysql' },
     2500],
    ['a tag', 'accounts_list_by_username_asc', { tags => '{seed-3}' }, 2500],
    ['dropped ones too', 'accounts_list_by_username_asc',
     { include_deleted => 't', include_roles => 't' }, 2500],
    (map { ["$_ order", "accounts_list_by_${_}_desc",
            { db_type => 'postgresql' }, 2500] }
         qw(instance_name db_type last_change_time is_superuser)),
    ['after a row', 'accounts_list_by_username_asc',
     { _after => 'john.wang5', _after_id => 5 }, 2500],
    ['changes: a rare name', 'account_changes_list_by_change_time_desc',
     { search => '%gateway_prod_777%' }, 2500],
    ['changes: an unknown name', 'account_changes_list_by_change_time_desc',
     { search => '%xyzzyx%' }, 2500],
    ['changes: two letters', 'account_changes_list_by_change_time_desc',
     { search => '%zq%' }, 600],
    ['changes: a common name', 'account_changes_list_by_change_time_desc',
     { search => '%orders%' }, 2500],
    ['changes: elevations', 'account_changes_list_by_change_time_desc',
     { is_elevation => 't' }, 2500],
    ['changes: an account', 'account_changes_list_by_change_time_desc',
     { account_id => 5000 }, 2500],
    ['changes: a day', 'account_changes_list_by_change_time_desc',
     { hours => 24 }, 2500],
    ['runs: one kind', 'task_runs_list', { task_key => 'sync_accounts' },
     2500],
);

@plans = plans('slow',
    map { [$named{ $_->[1] }, { %first, %{ $_->[2] } }] } @tries);

for my $i (0 .. $#tries) {
    is faults($plans[$i], pages => $tries[$i][3]), '',
        "slow: $tries[$i][0]";
}

# Counting stops at 10,001 rows and then looks at a sample.

my @counts = grep { !/changes: an? (?:account|day)/ } map { $_->[0] } @tries;
my %count = map { my ($page) = $_->[1] =~ /^(\w+_list)/;
                  $_->[0] => ["${page}_count", $_->[2]] } @tries;
@plans = plans('slow', map { [$named{ $count{$_}[0] },
                              { %first, %{ $count{$_}[1] } }] } @counts);

for my $i (0 .. $#counts) {
    is faults($plans[$i], pages => 15000, scan => 1), '',
        "slow: counts $counts[$i]";
}

# A chunk of an export: its rows by their id, whatever was read before.

my @chunks = (
    ['accounts', 'accounts_list_export', {}, 6000],
    ['accounts after one', 'accounts_list_export', { _after_id => 50_000 },
     6000],
    ['accounts, the last', 'accounts_list_export', { _after_id => 99_990 },
     6000],
    ['accounts of an instance', 'accounts_list_export',
     { instance_id => 7, _after_id => 50_000 }, 6000],
    ['changes', 'account_changes_list_export', {}, 6000],
    ['changes after one', 'account_changes_list_export',
     { _after_id => 50_000 }, 6000],
    ['instances', 'instances_list_export', {}, 6000],
);

@plans = plans('slow', map { [$named{ $_->[1] },
    { include_deleted => 'f', include_roles => 'f', _lang => 'en',
      _rows => 500, %{ $_->[2] } }] } @chunks);

for my $i (0 .. $#chunks) {
    is faults($plans[$i], pages => $chunks[$i][3], sort => 10_000), '',
        "slow: a chunk of $chunks[$i][0]";
}

# Every other order and everything else of the lane has a plan.

my @slow = grep { $_->{slow} && !$_->{worker} } TaiFish::Sql::statements();
@plans = plans('slow', map { [$_, \%value] } @slow);
is $plans[$_]{error}, undef, "slow: $slow[$_]{name}" for 0 .. $#slow;

if ($ENV{TAIFISH_PLANS_DB}) {
    my @all = sort { $b->[1] <=> $a->[1] } map {
        [$slow[$_]{name}, $plans[$_]{'Execution Time'} // 0,
         pages($plans[$_]{Plan})]
    } grep { $plans[$_]{Plan} } 0 .. $#slow;
    diag sprintf "%-50s %8.1f ms %7d pages", @$_ for @all[0 .. 50];
}

done_testing;
