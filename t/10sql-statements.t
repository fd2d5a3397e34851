# Every statement of the catalogue is prepared against the migrated schema, and
# its rights are checked, as the role that runs it.

use lib 't/lib';
use TaiFish;
use TaiFish::Sql;

my $tf = TaiFish->new;

# What "taifish-worker admin" and "migrate" run, by the owner of the schema.
my %owner = map { $_ => 1 } qw(admin_create admin_reset_password
    job_kind_write words_store audit_action_store engine_store
    engine_scope_store engine_grant_store engine_life_store error_text_store
    log_event_store log_module_store migrate_partitions);

my @all = TaiFish::Sql::statements();
my ($declared) = TaiFish::slurp("$TaiFish::BUILD/tf_sql_list.h")
    =~ /enum \{(.*?)TF_SQL_END/s;
my $count = () = $declared =~ /TF_SQL_(?!NONE)\w+/g;
is scalar @all, $count, 'the whole catalogue was read';

# One session per role; EXPLAIN checks the rights and runs nothing.

for my $role (qw(taifish_api taifish_worker taifish)) {
    my @mine = grep {
        $role eq ($owner{ $_->{name} } ? 'taifish'
                  : $_->{worker} ? 'taifish_worker' : 'taifish_api')
    } @all;
    my $script = "SET SESSION AUTHORIZATION $role;\n";

    for my $i (0 .. $#mine) {
        my $args = join ', ', ('NULL') x $mine[$i]{n};
        $script .= "\\echo == $i\nPREPARE s$i AS $mine[$i]{sql};\n"
            . "\\o /dev/null\nEXPLAIN EXECUTE s$i"
            . ($args ? " ($args)" : '') . ";\n\\o\n";
    }

    my (undef, $out) = $tf->pg->psql($script, undef,
        '-v', 'ON_ERROR_STOP=0');
    my %said = $out =~ /^== (\d+)\n(.*?)(?=^== |\z)/msg;

    for my $i (0 .. $#mine) {
        my $said = $said{$i} // 'not reached';
        is $said =~ /ERROR|FATAL|not reached/ ? $said : '', '',
            "$role: $mine[$i]{name}"
            or diag $mine[$i]{sql};
    }
}

done_testing;
