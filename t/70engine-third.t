# A third engine is two files and two rows: with nothing else touched it goes
# through sync, ledger, permissions and change log, a DENY and an ADMIN OPTION
# with it.

use lib 't/lib';
use TaiFish;
use TaiFish::Sync;

use File::Copy ();

plan skip_all => 'builds a program of its own, not under sanitizers'
    if $TaiFish::BUILD =~ /asan/;

my $dir = TaiFish::Server::private_dir();

sub run {
    system(@_) == 0 or die "@_: $?";
}

sub rows {
    my ($file, $after, $row) = @_;
    open my $in, '<', "$dir/$file" or die "$file: $!";
    my $text = do { local $/; <$in> };
    $text =~ s/\Q$after\E/$after$row/ or die "$file: no place for $row";
    open my $out, '>', "$dir/$file" or die "$file: $!";
    print $out $text;
    close $out;
}

# two files, two rows

run('cp', '-a', (map { "$TaiFish::ROOT/$_" } qw(src sql Makefile)), $dir);
mkdir "$dir/build";
run('cp', '-a', (glob "$TaiFish::BUILD/{o,*.c,*.h,*.a,*.mk}"), "$dir/build");
File::Copy::copy("$TaiFish::ROOT/t/engine/tf_engine_double.c",
    "$dir/src/core") or die $!;
File::Copy::copy("$TaiFish::ROOT/t/engine/tfw_double.c",
    "$dir/src/worker/engine") or die $!;
rows('src/core/tf_engine.h', 'row(oracle)', "  \\\n    row(double)");
rows('src/worker/engine/tfw_engines.c', 'row(mysql)', "  \\\n    row(double)");

run('make', '-s', '-j2', '-C', $dir, 'worker');
symlink "$TaiFish::BUILD/$_", "$dir/build/$_" for 'ngx_taifish_module.so';

$TaiFish::BUILD = "$dir/build";
chmod 0755, $dir;

my $tf = TaiFish->new->start;
my $api = $tf->as('admin');

is $tf->value("SELECT default_port FROM engines WHERE name = 'double'"), 4711,
    'the store knows the engine';

my $server = "$dir/server";

sub server {
    open my $f, '>', $server or die $!;
    print $f map { join("\t", @$_) . "\n" }
        [qw(account sa true)], [qw(account app false)],
        [qw(server sa double_server_privileges CONTROL granted)],
        [qw(database d1)], [qw(database d2)], @_;
    close $f;
    TaiFish::Server::give($server);
}

my @before = (
    [qw(server app double_roles r1 admin)],
    [qw(server app double_roles r2 granted)],
    [qw(server app double_server_privileges VIEW grantable)],
    [qw(server app double_server_privileges BACKUP denied)],
    [qw(object app t SELECT granted d1)],
    [qw(object app t DELETE denied d2)]);
server(@before);

my $s = TaiFish::Sync->new($tf, $api, 'mysql', { port => 3306 }, ready => 1);
$tf->sql("UPDATE instances SET db_type = 'double', database_name = '$server'
          WHERE id = " . $s->id);

# sync, ledger, permissions

my $r = $s->sync;
ok !$r->{partial}, 'everything was read' or diag explain $r;
is $r->{added_count}, 2, 'two accounts';

my ($list) = grep { $_->{username} eq 'app' }
    @{ $api->get('/accounts/ledgers?instance_id=' . $s->id)->data->{items} };
is $list->{db_type}, 'double', 'the ledger has it';
my $id = $list->{id};
my $of = "/accounts/ledgers/$id";
my $p = $api->get("$of/permissions")->data->{permissions};
is_deeply $p->{snapshot}{categories}, {
    double_roles => ['r1 WITH ADMIN OPTION', 'r2'],
    double_server_privileges => ['DENY BACKUP', 'VIEW WITH GRANT OPTION'],
    double_object_privileges => {
        d1 => { t => ['SELECT'] }, d2 => { t => ['DENY DELETE'] } },
}, 'its permissions, with their states' or diag explain $p;
is_deeply $p->{facts}{roles}, ['r1', 'r2'], 'roles by its own category';
is_deeply $p->{facts}{privileges}, { server => ['VIEW'] },
    'a denied privilege is none among the facts';
my $sa = $tf->row("SELECT v.facts::json FROM accounts a
    JOIN account_versions v ON v.id = a.version_id WHERE principal = 'sa'");
is_deeply $sa->{facts}{capability_reasons},
    { SUPERUSER => ['double_server_privileges contains CONTROL'] },
    'its own reasons';

# change log

server([qw(server app double_roles r1 granted)],
    [qw(server app double_server_privileges VIEW denied)],
    [qw(object app t SELECT grantable d1)],
    [qw(object app t INSERT denied d1)],
    [qw(object app t DELETE denied d2)]);
$s->changes;
$s->sync;
is_deeply [$s->changes], ['modify_privilege app'], 'one change';
is_deeply [$s->entries('app')], [
    'ALTER double_object_privileges d1.t: SELECT WITH GRANT OPTION',
    'ALTER double_roles: r1',
    'DENY double_object_privileges d1.t: DENY INSERT',
    'DENY double_server_privileges: DENY VIEW',
    'REVOKE double_roles: r2',
    'REVOKE double_server_privileges: DENY BACKUP',
], 'what changed, state by state';
my $change = $api->get("$of/change-history")->data->{history}[0];
is $change->{message},
    '回收 2 项权限，修改 2 项权限，拒绝 2 项权限', 'in words'
    or diag explain $change;

# and back

server(@before);
$s->sync;
my $again = $api->get("$of/permissions")->data->{permissions};
is_deeply $again->{snapshot}{categories}, $p->{snapshot}{categories},
    'as it was';

done_testing;
