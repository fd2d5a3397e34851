# The harness itself: its servers start, hold the schema and end.

use lib 't/lib';
use TaiFish;

my $tf = TaiFish->new;

is $tf->value('SELECT count(*) FROM users'), 5, 'one user per role';
is $tf->row("SELECT username FROM users WHERE role = 'auditor'")->{username},
    'auditor', 'rows are hashes';
is $tf->redis->command('SET', 'x', 'y'), 'OK', 'Redis answers';
is $tf->redis->command('GET', 'x'), 'y', 'and remembers';

my $maria = $tf->mariadb;
$maria->sql("CREATE USER 'naïve'\@'10.%' IDENTIFIED BY 'x'");
is $maria->value("SELECT CONCAT(User, '\@', Host) FROM mysql.user
                  WHERE Host = '10.%'"), 'naïve@10.%', 'MariaDB answers';

my $target = $tf->postgres;
$target->sql("CREATE ROLE \"Straße\" LOGIN PASSWORD 'x'");
is_deeply [$target->rows("SELECT rolname FROM pg_roles
                          WHERE rolname LIKE 'Str%'")],
    [{ rolname => 'Straße' }], 'a second PostgreSQL to be managed';

$tf->pg->restart('QUIT');
is $tf->value('SELECT 1'), 1, 'PostgreSQL restarts';

my @pids = ($tf->pg->pid, $tf->redis->pid, $maria->pid, $target->pid);
my $dir = $tf->dir;
is $tf->close, 0, 'nothing complained';
is_deeply [grep { kill 0, $_ } @pids], [], 'no server is left';
ok !-e $dir, 'nor its directory';

done_testing;
