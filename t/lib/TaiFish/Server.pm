package TaiFish::Server;

# Servers for one test: started as children of the test, by an unprivileged
# user when it runs as root, stopped by their pid.

use strict;
use warnings;
use utf8;

use Cwd ();
use File::Path ();
use File::Temp ();
use IO::Socket::INET;
use IPC::Open3 ();
use JSON::PP ();
use POSIX ();
use Time::HiRes ();

my $json = JSON::PP->new->allow_nonref;

# Who runs the servers: us, or a user without rights.

sub user {
    our $user //= do {
        my ($found) = $> ? scalar getpwuid $>
            : grep { defined getpwnam $_ } qw(postgres nobody);
        $found;
    };
    return $user;
}

sub give {
    my (@paths) = @_;
    return if $>;
    my (undef, undef, $uid, $gid) = getpwnam user();
    chown $uid, $gid, @paths;
}

# Short, because the path of a unix socket has at most 107 bytes.  It goes when
# the process that made it ends.

my %dirs;

sub private_dir {
    my $dir = File::Temp::mkdtemp('/tmp/tf.XXXXXX');
    $dirs{$dir} = $$;
    chmod 0755, $dir;
    give($dir);
    return $dir;
}

END {
    my $code = $?;
    File::Path::remove_tree(grep { $dirs{$_} == $$ } keys %dirs)
        unless $ENV{TAIFISH_KEEP};
    $? = $code;
}

sub free_port {
    my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1',
        LocalPort => 0) or die "no free port: $!";
    return $s->sockport;
}

sub answers {
    my ($port) = @_;
    return defined IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $port, Timeout => 1);
}

sub until_true {
    my ($seconds, $try) = @_;
    my $end = Time::HiRes::time() + $seconds;

    for (;;) {
        my $value = $try->();
        return $value if $value;
        return 0 if Time::HiRes::time() > $end;
        Time::HiRes::sleep(0.05);
    }
}

# Runs in a child that ends when the test does: the kernel sends it death.

sub as_user {
    my ($death, @command) = @_;
    my @set = ('setpriv', '--pdeathsig', $death);

    push @set, '--reuid', user(), '--regid',
        scalar getgrgid((getpwnam user())[3]), '--clear-groups' unless $>;
    return (@set, '--', @command);
}

# The same with programs of another Debian below $root, which sees our /tmp and
# our users.  TAIFISH_ENGINE_ROOT: where all databases of a test come from.

our $root = $ENV{TAIFISH_ENGINE_ROOT};

my $inside = <<'SH';
    for each in tmp etc/passwd etc/group; do
        mount --bind "/$each" "$0/$each"
    done
    mountpoint -q "$0/proc" || mount -t proc proc "$0/proc"
    exec chroot "$0" "$@"
SH

sub in_root {
    my ($where, $death, @command) = @_;
    return as_user($death, @command) unless $where;
    return ('unshare', '-m', '--propagation', 'private', 'sh', '-euc', $inside,
            $where, as_user($death, @command));
}

# A child process with its output in $dir/$name.out.

sub spawn {
    my ($name, $dir, $command, $env, %opt) = @_;
    our %count;
    my $log = "$dir/$name" . ($count{"$dir/$name"}++ || '') . '.out';
    my @command = in_root($opt{root}, $opt{death} || 'TERM', @$command);
    my $pid = fork() // die "fork: $!";

    if (!$pid) {
        eval {
            @ENV{keys %$env} = values %$env;
            delete @ENV{grep { !defined $ENV{$_} } keys %$env};
            $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
            chdir '/';
            setpgrp;
            open STDIN, '<', '/dev/null' or die $!;
            open STDOUT, '>>', $log or die "$log: $!";
            open STDERR, '>&', \*STDOUT or die $!;
            exec { $command[0] } @command or die "$command[0]: $!";
        };
        print STDERR $@;
        POSIX::_exit(127);
    }

    return bless { name => $name, pid => $pid, log => $log,
                   parent => $$ }, 'TaiFish::Process';
}

sub run_to_end {
    my ($program, $args, $env, $input, $where) = @_;
    # in a directory that the user may be in
    $program = Cwd::abs_path($program) if $program =~ m{^[^/]+/};
    my @command = in_root($where, 'KILL', 'env', '-C', '/', $program, @$args);

    local @ENV{keys %$env} = values %$env;
    my $pid = IPC::Open3::open3(my $in, my $out, undef, @command);
    # what it did not wait for, its exit code and text explain
    local $SIG{PIPE} = 'IGNORE';
    print $in $input if defined $input;
    close $in;
    my $text = do { local $/; <$out> } // '';
    waitpid $pid, 0;
    return ($? >> 8 || ($? & 127 ? 128 + ($? & 127) : 0), $text);
}


# PostgreSQL with a database taifish; settings go to postgresql.conf, port
# makes it listen on 127.0.0.1 too.  Superuser taifish, without a password on
# the socket; over TCP everybody needs one (SCRAM).

sub pg_bin {
    my ($where) = @_;
    my ($bin) = reverse sort { ($a =~ m{(\d+)/bin})[0]
                               <=> ($b =~ m{(\d+)/bin})[0] }
        glob "$where/usr/lib/postgresql/*/bin";
    return substr $bin, length $where;
}

# bin has the machine's own programs, server those of the server.

sub pg {
    my ($dir, %settings) = @_;
    my $self = bless { dir => $dir, bin => pg_bin(''), root => $root,
                       server => pg_bin($root // ''), socket => $dir,
                       database => 'taifish', port => $settings{port} || 5432,
                       tcp => defined $settings{port} }, 'TaiFish::Pg';
    my $encoding = delete $settings{encoding} || 'UTF8';
    my $locale = delete $settings{locale} || 'C.UTF-8';

    mkdir $dir, 0700 or die "$dir: $!";
    give($dir);

    my ($code, $out) = run_to_end("$self->{server}/initdb",
        ['-D', "$dir/data", '-U', 'taifish', '-N', '-E', $encoding,
         "--locale=$locale", '--auth-local=trust',
         '--auth-host=scram-sha-256'], {}, undef, $root);
    $code == 0 or die "initdb: $out";

    my %conf = (fsync => 'off', synchronous_commit => 'off',
        full_page_writes => 'off', shared_buffers => '32MB',
        max_connections => 60, unix_socket_directories => "'$dir'",
        listen_addresses => $self->{tcp} ? "'127.0.0.1'" : "''",
        log_line_prefix => "'%m [%p] %q%u@%d '", timezone => "'UTC'",
        autovacuum_naptime => '10s', %settings);

    open my $conf, '>>', "$dir/data/postgresql.conf" or die $!;
    print $conf map { "$_ = $conf{$_}\n" } sort keys %conf;
    CORE::close($conf);

    $self->start;
    $self->sql('CREATE DATABASE taifish', 'postgres');
    return $self;
}

sub redis {
    my ($dir, @args) = @_;
    my $self = bless { dir => $dir, socket => "$dir/s",
                       args => \@args }, 'TaiFish::Redis';

    mkdir $dir, 0700 or die "$dir: $!";
    give($dir);
    $self->start;
    return $self;
}

# MariaDB on 127.0.0.1 and a socket.  Superuser root, by socket only.

sub mariadb {
    my ($dir, @args) = @_;
    my $self = bless { dir => $dir, socket => "$dir/s", port => free_port(),
                       root => $root, args => \@args }, 'TaiFish::MariaDB';

    mkdir $dir, 0700 or die "$dir: $!";
    give($dir);

    my ($code, $out) = run_to_end('mariadb-install-db',
        ['--no-defaults', "--datadir=$dir/data", '--skip-test-db',
         '--auth-root-authentication-method=normal', '--skip-name-resolve'],
        {}, undef, $root);
    $code == 0 or die "mariadb-install-db: $out";

    $self->start;
    return $self;
}

sub has_mariadb { -x (($root // '') . '/usr/bin/mariadb-install-db') }

# The same with MySQL, which has no package in Debian 12 and 13.

sub mysql {
    my ($dir, @args) = @_;
    my $self = bless { dir => $dir, socket => "$dir/s", port => free_port(),
                       root => $root, args => \@args }, 'TaiFish::MySQL';

    mkdir $dir, 0700 or die "$dir: $!";
    give($dir);

    my ($code, $out) = run_to_end('/usr/sbin/mysqld',
        ['--no-defaults', '--initialize-insecure', "--datadir=$dir/data",
         '--secure-file-priv=NULL'], {}, undef, $root);
    $code == 0 or die "mysqld: $out";

    $self->start;
    return $self;
}


package TaiFish::Process;

sub pid { $_[0]{pid} }

sub alive {
    my ($self) = @_;
    return 0 if defined $self->{status};
    if (waitpid($self->{pid}, POSIX::WNOHANG()) == $self->{pid}) {
        $self->{status} = $?;
        return 0;
    }
    return 1;
}

sub signal {
    my ($self, $signal) = @_;
    return $self->alive && kill $signal, $self->{pid};
}

sub output { TaiFish::slurp_if($_[0]{log}) }

# Signals, waits, kills after that many seconds; the wait status.

sub stop {
    my ($self, $signal, $seconds) = @_;

    return unless $self->{parent} == $$;
    if ($self->signal($signal)) {
        TaiFish::Server::until_true($seconds || 10,
            sub { !$self->alive })
            or do {
                Test::More::diag("$self->{name} ignored $signal: killed");
                kill 'KILL', -$self->{pid};
                kill 'KILL', $self->{pid};
                waitpid $self->{pid}, 0;
                $self->{status} = $?;
            };
    }
    return $self->{status};
}


package TaiFish::Pg;

sub start {
    my ($self) = @_;

    $self->{process} = TaiFish::Server::spawn('postgres', $self->{dir},
        ["$self->{server}/postgres", '-D', "$self->{dir}/data", '-p',
         $self->{port}], {}, death => 'QUIT', root => $self->{root});

    TaiFish::Server::until_true(30, sub {
        $self->{process}->alive
            or die 'postgres ended: ' . $self->{process}->output;
        (TaiFish::Server::run_to_end("$self->{bin}/pg_isready",
            ['-q', '-h', $self->{socket}, '-p', $self->{port}], {}))[0] == 0;
    }) or die 'postgres does not start: ' . $self->{process}->output;
}

# mode: INT is fast, QUIT immediate

sub stop {
    my ($self, $mode) = @_;
    $self->{process}->stop($mode || 'INT', 30);
}

sub restart { my ($s, $mode) = @_; $s->stop($mode); $s->start }
sub close   { $_[0]->stop('QUIT') }
sub port    { $_[0]{port} }
sub pid     { $_[0]{process}->pid }
sub output  { $_[0]{process}->output }

sub psql {
    my ($self, $sql, $database, @args) = @_;

    utf8::encode($sql) if utf8::is_utf8($sql);
    my ($code, $out) = TaiFish::Server::run_to_end("$self->{bin}/psql",
        ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-h', $self->{socket}, '-p',
         $self->{port}, '-U', 'taifish', '-d',
         $database // $self->{database}, @args, '-f', '-'],
        { PGOPTIONS => '-c client_min_messages=warning',
          PGCLIENTENCODING => $self->{encoding} || 'UTF8' }, $sql);
    utf8::decode($out);
    return ($code, $out);
}

sub sql {
    my ($self, $sql, $database) = @_;
    my ($code, $out) = $self->psql($sql, $database);
    $code == 0 or die "$out\nin: " . substr $sql, 0, 500;
    return $out;
}

# A SELECT, or a statement with RETURNING in a WITH.

sub rows {
    my ($self, $sql, $database) = @_;
    my $out = $sql =~ /^\s*(?:INSERT|UPDATE|DELETE)\b/i
        ? $self->sql("WITH q AS ($sql) SELECT row_to_json(q) FROM q",
                     $database)
        : $self->sql("SELECT row_to_json(q) FROM ($sql) q", $database);
    return map { $json->decode($_) } split /\n/, $out;
}

sub value {
    my ($self, $sql, $database) = @_;
    my $out = $self->sql($sql, $database);
    chomp $out;
    return $out;
}


package TaiFish::Redis;

sub start {
    my ($self) = @_;

    $self->{process} = TaiFish::Server::spawn('redis', $self->{dir},
        ['redis-server', '--port', '0', '--unixsocket', $self->{socket},
         '--dir', $self->{dir}, '--save', '', '--appendonly', 'no',
         '--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru',
         @{ $self->{args} }], {});
    TaiFish::Server::until_true(10, sub {
        $self->{process}->alive
            or die 'redis ended: ' . $self->{process}->output;
        ($self->command('PING'))[0] =~ /PONG/;
    }) or die 'redis does not start: ' . $self->{process}->output;
}

sub command {
    my ($self, @args) = @_;
    my (undef, $out) = TaiFish::Server::run_to_end('redis-cli',
        ['-s', $self->{socket}, @args], {});
    chomp $out;
    return $out;
}

sub stop    { my ($s, $how) = @_; $s->{process}->stop($how || 'TERM', 10) }
sub restart { my ($s, $how) = @_; $s->stop($how); $s->start }
sub close   { $_[0]->stop('KILL') }
sub pid     { $_[0]{process}->pid }
sub output  { $_[0]{process}->output }


package TaiFish::MariaDB;

sub program { '/usr/sbin/mariadbd', '--innodb-log-file-size=8M' }

sub start {
    my ($self) = @_;
    my ($program, @own) = $self->program;

    $self->{process} = TaiFish::Server::spawn('mariadb', $self->{dir},
        [$program, '--no-defaults', "--datadir=$self->{dir}/data",
         "--socket=$self->{socket}", "--port=$self->{port}",
         '--bind-address=127.0.0.1', '--skip-name-resolve',
         '--innodb-buffer-pool-size=32M',
         '--innodb-flush-log-at-trx-commit=0', '--skip-log-bin',
         "--pid-file=$self->{dir}/pid", @own, @{ $self->{args} }], {},
        root => $self->{root},
        # a MySQL whose files are gone never ends by TERM
        death => 'KILL');
    TaiFish::Server::until_true(60, sub {
        $self->{process}->alive
            or die "$program ended: " . $self->{process}->output;
        ($self->mysql('SELECT 1'))[0] == 0;
    }) or die "$program does not start: " . $self->{process}->output;
}

sub mysql {
    my ($self, $sql, $database) = @_;

    utf8::encode($sql) if utf8::is_utf8($sql);
    my ($code, $out) = TaiFish::Server::run_to_end('mariadb',
        ['--no-defaults', '--default-character-set=utf8mb4', '-uroot',
         '-S', $self->{socket}, '-N', '-B', $database // ()], {}, $sql);
    utf8::decode($out);
    return ($code, $out);
}

sub sql {
    my ($self, $sql, $database) = @_;
    my ($code, $out) = $self->mysql($sql, $database);
    $code == 0 or die "$out\nin: " . substr $sql, 0, 500;
    return $out;
}

sub value   { my $out = shift->sql(@_); chomp $out; $out }
sub stop    { my ($s, $how) = @_; $s->{process}->stop($how || 'TERM', 40) }
sub restart { my ($s, $how) = @_; $s->stop($how); $s->start }
sub close   { $_[0]->stop('KILL') }
sub port    { $_[0]{port} }
sub pid     { $_[0]{process}->pid }
sub output  { $_[0]{process}->output }


package TaiFish::MySQL;

our @ISA = ('TaiFish::MariaDB');

sub program {
    '/usr/sbin/mysqld', '--secure-file-priv=NULL', '--mysqlx=OFF',
        '--performance-schema=OFF'
}

1;
