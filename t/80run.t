# What "make run" starts: from nothing to a synced instance, again without a
# change, after something died, a reload, and away again; then as an ordinary
# user in a directory with a space, where starts fail for several reasons.

use lib 't/lib';
use TaiFish;
use File::Path ();
use IO::Socket::INET;

plan skip_all => 'another nginx than the one make run takes'
    if $ENV{TEST_NGINX_BINARY};

# A checkout of its own with what is built: the script works where it stands.

my $home = TaiFish::Server::private_dir();
my $port = TaiFish::Server::free_port();
my $script = "$home/conf/run/taifish.sh";

checkout($home);

sub checkout {
    my ($to) = @_;
    mkdir "$to/$_" or die $! for qw(build web);
    system('cp', '-R', "$TaiFish::ROOT/conf", $to) == 0
        && system('cp', '-R', "$TaiFish::ROOT/web/plain", "$to/web") == 0
        or die "cp: $?";
    built($to);
}

sub built {
    my ($to) = @_;
    system('cp', "$TaiFish::BUILD/taifish-worker",
        "$TaiFish::BUILD/ngx_taifish_module.so", "$to/build") == 0 or die;
}

# As whom and where; a user's PATH has neither nginx nor setpriv's friends.

my @as = ('env', "PORT=$port");

sub run {
    my (@args) = @_;
    open my $in, '-|', 'sh', '-c', 'exec "$@" 2>&1 < /dev/null', 'sh', @as,
        $script, @args or die $!;
    my $out = do { local $/; <$in> };
    CORE::close $in;
    return ($? >> 8, $out);
}

END {
    my $code = $?;
    run('clean') if $script && -e $script;
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

# What works for this checkout, as its processes are called.

sub of_ours {
    my $dir = readlink("$home/.run") // "$home/.run";
    return grep { index($_, $dir) >= 0 }
        map { TaiFish::slurp_if("$_/cmdline") // '' } glob '/proc/[0-9]*';
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
is_deeply [of_ours()], [], 'all of it';
is((run('start'))[0], 0, 'it starts again');
is $client->get('/instances')->data->{total}, 1, 'with its data';

# Old code goes, but for what one may want back.

for (1 .. 4) {
    open my $more, '>>', "$home/build/ngx_taifish_module.so" or die $!;
    print $more "\0";
    CORE::close $more;
    is((run('reload'))[0], 0, 'new code');
}
@modules = glob "$home/.run/modules/*.so";
is scalar @modules, 3, 'three modules are kept';

is((run('clean'))[0], 0, 'it goes away');
ok !-e "$home/.run" && !-l "$home/.run", 'with its data';


# An ordinary user, below a directory whose name has a space.

File::Path::remove_tree($home);
$home = TaiFish::Server::private_dir() . '/a b';
mkdir $home or die $!;
$script = "$home/conf/run/taifish.sh";
checkout($home);

@as = ('env', 'PATH=/usr/local/bin:/usr/bin:/bin', "PORT=$port");
if (!$>) {
    TaiFish::Server::give($home, glob "'$home/*'");
    my $user = TaiFish::Server::user();
    unshift @as, 'setpriv', "--reuid=$user", "--regid=$user",
        '--clear-groups';
}

sub fails {
    my ($why, $name) = @_;
    my ($code, $out) = run('start');
    isnt $code, 0, $name;
    like $out, $why, 'and says why' or diag $out;
    is_deeply [of_ours()], [], 'nothing of it is left running';
    ok !-e "$home/.run/port", 'nor is the port kept';
}

my $mute = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')
    or die $!;
push @as, 'PORT=' . $mute->sockport;
fails(qr/^port \d+ cannot be used: Address already in use/m,
    'a port held by what speaks no HTTP');
$as[-1] = 'PORT=80a';
fails(qr/^PORT=80a is not a number/m, 'no number');
$as[-1] = 'PORT=65536';
fails(qr/^PORT=65536 is not between 1 and 65535/m, 'no port');
pop @as;

TaiFish::spew("$home/build/ngx_taifish_module.so", 'no module');
fails(qr/\[emerg\].*ngx_taifish_module/, 'a module that nginx does not load');
rename "$home/build/taifish-worker", "$home/build/true-worker" or die $!;
TaiFish::spew("$home/build/taifish-worker", <<"EOF");
#!/bin/sh
[ "\$1" != run ] || { echo "no luck today" >&2; exit 1; }
exec "$home/build/true-worker" "\$@"
EOF
chmod 0755, "$home/build/taifish-worker";
fails(qr/^no luck today\ntaifish-worker did not come up/m,
    'a worker that ends');

built($home);
($code, $out) = run('start');
is $code, 0, 'what is right starts' or diag $out;
like $out, qr{^TaiFish runs at http://127\.0\.0\.1:$port$}m,
    'where it was told to';
ok of_ours() >= 4, 'all of it';
is((run('reload'))[0], 0, 'a reload');

push @as, 'PORT=' . $mute->sockport;
($code, $out) = run('start');
isnt $code, 0, 'no change to a port that is held';
pop @as;
is((run('status'))[0], 0, 'and all goes on');

is((run('clean'))[0], 0, 'it goes away');
is scalar of_ours(), 0, 'all of it';

done_testing;
