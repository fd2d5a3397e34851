# make install: into a directory of its own, run as the units say, again over
# what was changed, and away.

use lib 't/lib';
use TaiFish;

use File::Find ();

my $tf = TaiFish->new;
my $home = $tf->dir;
my $dest = "$home/dest";

sub make {
    my ($what) = @_;
    my $out = `cd $TaiFish::ROOT && BUILD=$TaiFish::BUILD DESTDIR=$dest \\
               PREFIX=/usr conf/run/install.sh $what 2>&1`;
    is $?, 0, $what or diag $out;
    return $out;
}

sub files {
    my @found;
    File::Find::find({ no_chdir => 1, wanted => sub {
        -f && push @found, substr $_, length $dest } }, $dest);
    return sort @found;
}

sub replaced {
    my ($text) = @_;
    $text =~ s{/usr/lib/nginx/modules/ngx_taifish}{$dest$&}g;
    $text =~ s{/usr/bin/taifish}{$dest$&}g;
    $text =~ s{/usr/share/taifish}{$dest$&}g;
    $text =~ s{/etc/taifish}{$dest$&}g;
    $text =~ s{/(?:run|var/log)/taifish}{$home$&}g;
    return $text;
}


make('install');
my ($version) = `$TaiFish::BUILD/taifish-worker --version` =~ /(\S+)$/;
my $module = "/usr/lib/nginx/modules/ngx_taifish_module-$version.so";
my %is = map { $_ => sprintf '%o', (stat "$dest$_")[2] & 07777 } files();

for my $path ('/usr/bin/taifish-worker', map { "/usr/lib/taifish/$_.sh" }
              qw(backup restore))
{
    is $is{$path}, '755', $path;
}
for my $path ($module, map({ "/usr/lib/systemd/system/taifish-$_" }
        qw(nginx.service worker.service backup.service backup.timer
           backup-retry.timer)),
    map({ "/usr/lib/$_.d/taifish.conf" } qw(sysusers tmpfiles)),
    map({ s{^.*conf/}{/etc/taifish/}r }
        grep { !m{/(?:postgresql|pg_hba|redis)} }
        glob "$TaiFish::ROOT/conf/*.conf"),
    '/etc/taifish/module.conf', '/etc/logrotate.d/taifish',
    map({ "/usr/share/man/$_" } qw(man8/taifish-worker.8
        man5/taifish.conf.5)),
    '/usr/share/bash-completion/completions/taifish-worker',
    '/usr/share/doc/taifish/backup.md', '/usr/share/doc/taifish/install.md')
{
    is $is{$path}, '644', $path;
}

sub bytes {
    open my $in, '<:raw', $_[0] or return '';
    local $/;
    return <$in> // '';
}

is_deeply [grep { bytes("$dest$_") =~ /\Q$home\E/ }
           grep { !m{\.so$|/bin/} } files()], [],
    'no file names the directory it was installed below';
is TaiFish::slurp("$dest/etc/taifish/module.conf"),
    "load_module $module;\n", 'module.conf names the module by its version';


# The manual says what the program and docs/settings.md say; completion too.

my $man = TaiFish::slurp("$dest/usr/share/man/man8/taifish-worker.8");
my @commands = `$TaiFish::BUILD/taifish-worker --help`
    =~ /^  ([a-z-]+) {2,}[a-z]/mg;
ok @commands >= 8, 'the commands';
like $man, qr/^\.SS \Q@{[s{-}{\\-}gr]}\E\b/m, "the manual has $_" for @commands;
like $man, qr/^\.SH EXIT STATUS\n\.TP\n\.B 0\n/m, 'and the exit codes';
like TaiFish::slurp("$dest/usr/share/man/man5/taifish.conf.5"),
    qr/^\.TP\n\\fBTAIFISH_WORKERS\\fP \(Default: 4\)\nJobs at/m,
    'settings are those of the document';

sub completed {
    my (@words) = @_;
    open my $in, '-|', 'bash', '-c', '. "$0"; COMP_WORDS=("$@");
        COMP_CWORD=$(($# - 1)); _taifish_worker "$1"; echo "${COMPREPLY[@]}"',
        "$dest/usr/share/bash-completion/completions/taifish-worker",
        "$TaiFish::BUILD/taifish-worker", @words or die $!;
    return <$in> =~ s/\s+$//r;
}

is completed(''), "@commands --help", 'commands are completed';
is completed('keygen', '--r'), '--rotate', 'options too';
is completed('admin', 're'), 'reset-password', 'and what admin does';


# The programs as the units start them, in the environment that these make,
# and unable to make memory executable, as MemoryDenyWriteExecute does: nginx's
# pcre2 compiles nothing then.  (157: prctl, 65: PR_SET_MDWE.)

my $credentials = "$home/credentials";
for my $new ($credentials, "$home/run", "$home/run/taifish", "$home/var",
             "$home/var/log", "$home/var/log/taifish") {
    mkdir $new or die $!;
    TaiFish::Server::give($new);
}
my %value = (redis_url => $tf->redis_url,
    map { ("database_url_$_" => $tf->database_url("taifish_$_")) }
        qw(api worker));

sub unit {
    my ($name) = @_;
    my $text = replaced(TaiFish::slurp(
        "$dest/usr/lib/systemd/system/taifish-$name.service"));
    my %env;

    for my $line ($text =~ /^LoadCredential=(.*)/mg) {
        my ($id, $from) = $line =~ /^(\S+?):(\S+)$/ or die $line;
        my ($base) = $from =~ m{([^/]+)$};
        my $file = "$credentials/$id";
        unlink $file;
        if (defined $value{$base}) {
            TaiFish::spew($file, "$value{$base}\n");
        } else {
            File::Copy::copy("$home/keys/$base", $file) or die "$base: $!";
        }
        chmod 0400, $file;
        TaiFish::Server::give($file);
    }
    for my $line ($text =~ /^Environment=(.*)/mg) {
        my ($key, $is) = $line =~ /^(\w+)=(.*)$/ or die $line;
        $is =~ s/%d/$credentials/;
        $is =~ s{^\Q$dest\E/etc/taifish/keys$}{$home/keys};
        $env{$key} = $is;
    }
    my %exec;
    push @{ $exec{$1} }, [split ' ', $2]
        while $text =~ /^(Exec\w+)=(.*)$/mg;
    return (\%env, \%exec);
}

sub denied {
    my (@command) = @_;
    return @command if `uname -m` ne "x86_64\n"
        || system($^X, '-e', 'exit syscall(157, 65, 1, 0, 0, 0) != 0') != 0;
    return ($^X, '-e', 'syscall(157, 65, 1, 0, 0, 0) and die $!; exec @ARGV',
            @command);
}

ok +(denied('x'))[0] ne 'x', 'this kernel can forbid executable memory'
    if `uname -r` =~ /^(\d+)\.(\d+)/ && $1 * 1000 + $2 >= 6003
       && `uname -m` eq "x86_64\n";

my $port = TaiFish::Server::free_port();
for my $path (glob "$dest/etc/taifish/*.conf") {
    my $text = replaced(TaiFish::slurp($path));
    $text =~ s/^( *listen) 127\.0\.0\.1:8080/$1 127.0.0.1:$port/m;
    TaiFish::spew($path, $text);
}

my ($env, $exec) = unit('nginx');
my ($program, @args) = @{ $exec->{ExecStartPre}[0] };
my ($code, $out) = TaiFish::Server::run_to_end($program, \@args, $env);
is $code, 0, 'nginx -t with what was installed' or diag $out;
is $out, '', 'without a word';

my $nginx = TaiFish::Server::spawn('nginx', $home,
    [denied(@{ $exec->{ExecStart}[0] }, '-g', 'daemon off;')], $env);
my $client = TaiFish::Client->new(base => "http://127.0.0.1:$port");
ok TaiFish::Server::until_true(20, sub {
    eval { $client->get('/health/ready')->status == 200 } }),
    'nginx serves' or diag $nginx->output;
is $client->get('/auth/csrf-token')->status, 200, 'the API';
is TaiFish::slurp("$home/run/taifish/nginx.pid"), $nginx->pid . "\n",
    'its pid is where the unit looks for it';
ok TaiFish::Server::until_true(5, sub {
    -s "$home/var/log/taifish/access.log" }), 'its log too';

# by nsenter and setpriv in the unit, t/88systemd.t
my @check = @{ $exec->{ExecReload}[0] };
shift @check until $check[0] eq '/usr/sbin/nginx';
($program, @args) = @check;
is((TaiFish::Server::run_to_end($program, \@args, $env))[0], 0,
    'what a reload tries first');
my ($before) = TaiFish::children($nginx->pid);
$nginx->signal('HUP');
ok TaiFish::Server::until_true(10, sub {
    my @now = TaiFish::children($nginx->pid);
    @now && !grep { $_ == $before } @now }), 'a reload' or diag $nginx->output;
is $client->get('/health/ready')->status, 200, 'with the same credentials';

my ($worker_env, $worker_exec) = unit('worker');
my $worker = TaiFish::Server::spawn('worker', $home,
    [denied(@{ $worker_exec->{ExecStart}[0] })],
    { $tf->env, DATABASE_URL => undef, REDIS_URL => undef, %$worker_env });
($code, $out) = $tf->command('enqueue', 'housekeeping', '--wait');
is $code, 0, 'the worker works' or diag $out, $worker->output;
is $worker->stop('TERM', 30), 0, 'and ends';
is $nginx->stop('QUIT', 30), 0, 'nginx too';
unlike $nginx->output, qr/\[(?:warn|alert|emerg)\]/, 'nothing to complain of'
    or diag $nginx->output;


SKIP: {
    skip 'no systemd', 1 unless -x '/usr/bin/systemd-analyze';
    mkdir "$dest/$_" for qw(bin usr/sbin);
    system('cp', '/usr/sbin/nginx', "$dest/usr/sbin/") == 0 or die;
    system('cp', '/bin/kill', '/usr/bin/nsenter', "$dest/bin/") == 0 or die;
    rename "$dest/bin/nsenter", "$dest/usr/bin/nsenter" or die $!;
    system('sh', '-c', 'cp -r /lib/systemd/system/*.target "$0"',
        "$dest/usr/lib/systemd/system/") == 0 or die;
    my $units = join ' ', map { "taifish-$_" }
        qw(nginx.service worker.service backup.service backup.timer
           backup-retry.timer);
    my $said = `systemd-analyze --root=$dest --man=no verify $units 2>&1`;
    is $said, '', 'systemd-analyze verify has nothing to say';
}


# Again, over what a person changed

my $mine = TaiFish::slurp("$dest/etc/taifish/nginx.conf") . "# mine\n";
TaiFish::spew("$dest/etc/taifish/nginx.conf", $mine);
TaiFish::spew("$dest/etc/taifish/module.conf", "load_module old;\n");
like make('install'), qr{kept /etc/taifish/nginx\.conf}, 'says what it kept';
is TaiFish::slurp("$dest/etc/taifish/nginx.conf"), $mine, 'a change is kept';
like TaiFish::slurp("$dest/etc/taifish/nginx.conf.new"), qr/include module/,
    'the new one is beside it';
is TaiFish::slurp("$dest/etc/taifish/module.conf"),
    "load_module $module;\n", 'the module is the new one';

like make('uninstall'), qr{kept /etc/taifish}, 'says what stays';
is_deeply [grep { /taifish/ && !m{^/etc/taifish/} } files()], [],
    'everything else goes';

done_testing;
