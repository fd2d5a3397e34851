# What "make run" starts: from nothing to a synced instance, again without a
# change, after something died, a reload, and away again.

use lib 't/lib';
use TaiFish;
use File::Path ();

plan skip_all => 'another nginx than the one make run takes'
    if $ENV{TEST_NGINX_BINARY};

# A checkout of its own with what is built: the script works where it stands.

my $home = TaiFish::Server::private_dir();
my $port = TaiFish::Server::free_port();
my $script = "$home/conf/run/taifish.sh";

system('cp', '-R', "$TaiFish::ROOT/conf", "$TaiFish::ROOT/web", $home) == 0
    or die;
mkdir "$home/build" or die $!;
system('cp', "$TaiFish::BUILD/taifish-worker",
    "$TaiFish::BUILD/ngx_taifish_module.so", "$home/build") == 0 or die;

sub run {
    my (@args) = @_;
    my $out = `PORT=$port $script @args 2>&1 < /dev/null`;
    return ($? >> 8, $out);
}

END {
    my $code = $?;
    system($script, 'clean') if $script && -e $script;
    File::Path::remove_tree($home) if $home;
    $? = $code;
}

my ($code, $out) = run('start');
is $code, 0, 'it starts' or diag $out;
like $out, qr{http://127\.0\.0\.1:$port$}m, 'it says where';
my ($password) = $out =~ /^ *password +(\S+)/m;
is TaiFish::slurp("$home/.run/admin-password"), "$password\n",
    'it says the password, and keeps it';
is sprintf('%o', (stat "$home/.run/admin-password")[2] & 07777), 600,
    'where nobody else can read it';
my ($found) = $out =~ /found +(\d+) accounts/;
ok $found && $found > 5, 'its own PostgreSQL is the first instance';

my $client = TaiFish::Client->new(base => "http://127.0.0.1:$port");
is $client->post('/auth/login', { username => 'admin',
    password => $password })->status, 200, 'the password is right';
is $client->get('/accounts/ledgers?instance_id=1')->data->{total}, $found,
    'as many accounts are in the ledger';
is $client->get('/instances')->data->{total}, 1, 'of one instance';

my %pids = map { $_ => pid($_) } qw(postgres redis worker nginx);
ok !grep({ !$_ } values %pids), 'everything runs';

sub pid {
    my ($name) = @_;
    my $file = $name eq 'postgres' ? 'pg/data/postmaster.pid' : "$name.pid";
    return (split /\n/, TaiFish::slurp_if("$home/.run/$file"))[0];
}

if (!$>) {
    is_deeply [grep { (stat "/proc/$pids{$_}")[4] == 0 } sort keys %pids], [],
        'nothing of it as root';
}

my $since = Time::HiRes::time();
($code, $out) = run('start');
is $code, 0, 'again';
ok Time::HiRes::time() - $since < 5, 'takes no time';
unlike $out, qr/Starting|Reloading|Registering|Reading/, 'changes nothing';
unlike $out, qr/\Q$password\E/, 'and does not say the password again';
is_deeply { map { $_ => pid($_) } keys %pids }, \%pids, 'nor restarts';

kill 'KILL', $pids{worker}, $pids{redis};
TaiFish::Server::until_true(5, sub { !kill 0, $pids{worker}, $pids{redis} });
is((run('status'))[0], 1, 'status tells what died');
is((run('start'))[0], 0, 'and a start brings it back');
is((run('status'))[0], 0, 'so that all runs');
is pid('nginx'), $pids{nginx}, 'without touching the rest';

($code, $out) = run('check-config');
is $code, 0, 'both programs find their settings well' or diag $out;

# another build is another file for nginx

my ($before) = glob "$home/.run/modules/*.so";
open my $so, '>>', "$home/build/ngx_taifish_module.so" or die $!;
print $so "\0";
CORE::close $so;
is((run('reload'))[0], 0, 'a reload');
my @modules = glob "$home/.run/modules/*.so";
is scalar @modules, 2, 'brings the module under a new name';
TaiFish::Server::until_true(10, sub {
    my $loaded = join '', map { TaiFish::slurp("/proc/$_/maps") }
        TaiFish::children(pid('nginx'));
    $loaded !~ /\Q$before\E/ && $loaded =~ /ngx_taifish_module/;
});
my $maps = join '', map { TaiFish::slurp_if("/proc/$_/maps") }
    TaiFish::children(pid('nginx'));
my ($new) = grep { $_ ne $before } @modules;
like $maps, qr{/\Q@{[$new =~ s/.*\///r]}\E}, 'and nginx runs it';
is $client->get('/auth/me')->status, 200, 'nobody was signed out';

is((run('stop'))[0], 0, 'it stops');
is_deeply [grep { kill 0, pid($_) || 1 } grep { pid($_) } keys %pids], [],
    'all of it';
is((run('start'))[0], 0, 'it starts again');
is $client->get('/instances')->data->{total}, 1, 'with its data';
is((run('clean'))[0], 0, 'it goes away');
ok !-e "$home/.run" && !-l "$home/.run", 'with its data';

done_testing;
