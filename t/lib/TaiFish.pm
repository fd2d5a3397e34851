package TaiFish;

# The harness of the Perl tests.  docs/testing.md shows how to use it.
#
#     use lib 't/lib';
#     use TaiFish;                      # also strict, warnings, Test::More
#
#     my $tf = TaiFish->new->start;     # PostgreSQL, Redis, worker, nginx
#     my $admin = $tf->as('admin');     # a client that is signed in
#     is $admin->get('/tags')->status, 200;
#     done_testing;
#
# Every test file has servers of its own: in a fresh directory below /tmp, on
# unix sockets and free loopback ports, run by an unprivileged user when the
# tests run as root.  They end with the test, also when it is killed.
#
# When the test ends, its exit code is changed to a failure if nginx logged
# [alert] or [emerg] or if any program printed the report of a sanitizer.

use strict;
use warnings;
use utf8;

use Cwd ();
use Digest::SHA ();
use File::Copy ();
use File::Path ();
use File::Temp ();
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 ();
use POSIX ();
use Test::More;
use Time::HiRes ();

use TaiFish::Client;
use TaiFish::Server;

our $ROOT = Cwd::abs_path(__FILE__ =~ s{[^/]*$}{}r . '../..');
our $PASSWORD = 'Harness-pass-1';

# $PASSWORD as the product stores it; hashing one for every user of every test
# would cost more than most tests.
our $HASH = '$argon2id$v=19$m=65536,t=2,p=1$YKQBBwPEDxi/D0hghtGmww'
    . '$G3O8nbCZ78Kq8QgH7O+B6bxpaJoxMkMtaFjSVlaqb5E';

our $BUILD = $ENV{TAIFISH_BUILD} || "$ROOT/build";
our $NGINX = $ENV{TEST_NGINX_BINARY} || '/usr/sbin/nginx';

my @roles = qw(admin operator user viewer auditor);
my @open;

sub import {
    my $into = caller;

    strict->import;
    warnings->import;
    utf8->import;
    Test::More->export_to_level(1);
    binmode Test::More->builder->$_, ':encoding(UTF-8)'
        for qw(output failure_output todo_output);
}


# TaiFish->new: the stores, the schema, keys and one user per role, named like
# the role.  Options:
#     limits  => 1      keep nginx's limits per address (else they are off)
#     redis   => 0      without Redis
#     workers => n      nginx worker processes, 1
#     web     => name   what nginx serves: "dist", the console (the default
#                       when it is built), or "plain", the simple page
#     http    => text   more for nginx's http block
#     server  => text   more for its server block
#     direct_tls => 1   with direct-tls.conf, which the test puts there
#     env     => {}     more for the worker's environment
#     pg      => {}     more settings for PostgreSQL

sub new {
    my ($class, %opt) = @_;

    my $self = bless { opt => \%opt, pid => $$ }, $class;

    push @open, $self;
    $self->{dir} = TaiFish::Server::private_dir();
    $self->{pg} = TaiFish::Server::pg("$self->{dir}/pg", %{ $opt{pg} || {} });
    $self->{redis} = TaiFish::Server::redis("$self->{dir}/redis")
        unless defined $opt{redis} && !$opt{redis};

    $self->_schema;
    $self->_keys;
    $self->_users;

    return $self;
}

sub dir   { $_[0]{dir} }
sub pg    { $_[0]{pg} }
sub redis { $_[0]{redis} }
sub port  { $_[0]{port} }
sub base  { "http://127.0.0.1:$_[0]{port}" }
sub nginx { $_[0]{nginx} }
sub worker { $_[0]{worker} }

sub database_url {
    my ($self, $role) = @_;
    return "postgresql:///taifish?host=$self->{pg}{socket}&port=5432"
        . "&user=$role";
}

sub redis_url {
    my ($self) = @_;
    return $self->{redis} ? "unix://$self->{redis}{socket}" : '';
}

# The worker's program: a copy that an unprivileged user can reach.

sub program {
    my ($self) = @_;
    my $copy = "$self->{dir}/taifish-worker";

    if (!-e $copy) {
        -x "$BUILD/taifish-worker" or die "build/taifish-worker: make worker\n";
        File::Copy::copy("$BUILD/taifish-worker", $copy) or die $!;
        chmod 0755, $copy;
    }

    return $copy;
}

sub env {
    my ($self, $role) = @_;
    return (DATABASE_URL => $self->database_url($role || 'taifish_worker'),
            REDIS_URL => $self->redis_url,
            TAIFISH_KEYS => "$self->{dir}/keys",
            TAIFISH_TARGET_ALLOW => '127.0.0.0/8',
            TAIFISH_TARGET_PORTS => '1024-65535',
            %{ $self->{opt}{env} || {} });
}

# Runs taifish-worker with these arguments to its end: (exit code, output).

sub command {
    my ($self, @args) = @_;
    my %env = $self->env($args[0] =~ /^(?:migrate|admin)$/ ? 'taifish' : ());
    return TaiFish::Server::run_to_end($self->program, \@args, \%env);
}

sub _schema {
    my ($self) = @_;
    my $sql = '';

    # By the product when it is built, else by psql.

    if (-x "$BUILD/taifish-worker") {
        my ($code, $out) = $self->command('migrate');
        $code == 0 or die "taifish-worker migrate: $out";
        return;
    }

    for my $file (sort glob "$ROOT/sql/*.sql") {
        open my $in, '<:encoding(UTF-8)', $file or die "$file: $!";
        local $/;
        $sql .= "BEGIN;\n" . <$in> . "\n;COMMIT;\n";
    }
    $self->{pg}->sql($sql);
}

sub _keys {
    my ($self) = @_;
    my $dir = "$self->{dir}/keys";

    if (-x "$BUILD/taifish-worker") {
        my ($code, $out) = $self->command('keygen');
        $code == 0 or die "taifish-worker keygen: $out";
        return;
    }

    mkdir $dir, 0700 or die $!;
    for my $name (qw(csrf.key seal.pub)) {
        open(my $out, ">:raw", "$dir/$name") or die $!;
        print $out random_bytes(32);
        close $out;
    }
    TaiFish::Server::give($dir, "$dir/csrf.key", "$dir/seal.pub");
}

sub _users {
    my ($self) = @_;
    my $rows = join ",\n", map { "('$_', '$HASH', '$_')" } @roles;
    $self->sql("INSERT INTO users (username, password_hash, role)
                VALUES $rows");
}

sub random_bytes {
    my ($n) = @_;
    open my $in, '<:raw', '/dev/urandom' or die $!;
    read $in, (my $bytes), $n;
    return $bytes;
}


# Starts the worker and nginx and waits until both serve.

sub start {
    my ($self) = @_;
    $self->start_worker;
    $self->start_nginx;
    return $self;
}

sub start_worker {
    my ($self, %env) = @_;
    my $worker = TaiFish::Server::spawn('worker', $self->{dir},
        [$self->program, 'run'], { $self->env, %env });

    push @{ $self->{workers} }, $worker;
    $self->{worker} = $worker;

    TaiFish::Server::until_true(20, sub {
        $worker->alive or die "the worker ended: " . $worker->output;
        $self->value("SELECT count(*) FROM workers WHERE pid = "
            . $worker->pid . " AND state = 'running'");
    }) or die "the worker did not register: " . $worker->output;

    return $worker;
}

sub stop_worker {
    my ($self) = @_;
    my $worker = delete $self->{worker} or return;
    return $worker->stop('TERM', 60);
}

# conf/nginx.conf with what it includes for the http level, and this test's
# paths.

sub nginx_conf {
    my ($self) = @_;
    my $dir = $self->{dir};
    my $opt = $self->{opt};
    my $text = slurp("$ROOT/conf/nginx.conf")
        =~ s{^    include ((?:settings|http|headers)\.conf);\n}
            {conf($1) =~ s/^(?=.)/    /gmr}gemr;
    my $workers = $opt->{workers} || 1;
    my $redis = $self->redis_url;
    my $own = join '', map { "    $_;\n" }
        "taifish_database_url \"" . $self->database_url('taifish_api') . "\"",
        ($redis ? "taifish_redis_url $redis" : ()),
        "taifish_keys $dir/keys", 'taifish_cookie_secure off',
        split /;\s*/, $opt->{http} || '';

    $text =~ s/^load_module .*;$/load_module $self->{module};/m;
    $text =~ s/^user .*\n//m;
    $text =~ s/^(?:worker_rlimit_nofile|env) .*\n//mg;
    $text =~ s/^worker_processes .*;$/worker_processes $workers;/m;
    $text =~ s/^(error_log \S+) .*;$/$1 info;/m;
    $text =~ s/^( *listen) \S+/$1 127.0.0.1:$self->{port}/m;

    # what the test says wins over what the file says

    for my $name ($own =~ /^    (\w+) /mg) {
        $text =~ s/^    \Q$name\E .*\n//m;
    }
    $text =~ s/^(http \{\n)/$1$own/m;

    if (!$opt->{limits}) {
        $text =~ s/^ *limit_(?:conn|req)(?:_\w+)? .*\n//mg;
    }

    $text =~ s/^( *include taifish\.conf;\n)/$1$opt->{server}/m
        if defined $opt->{server};

    $text =~ s/^( *)#(include direct-tls\.conf;)/$1$2/m if $opt->{direct_tls};

    return $text;
}

# A file of conf/ as it is installed for this nginx.

sub conf {
    my ($name) = @_;
    my $program = "$ROOT/conf/run/for-nginx.sh";
    my $text = `NGINX='$NGINX' '$program' < '$ROOT/conf/$name'`;
    die "for-nginx.sh: $?" if $?;
    utf8::decode($text);
    return $text;
}

sub write_nginx_conf {
    my ($self) = @_;
    my $dir = $self->{dir};
    my $locations = slurp("$ROOT/conf/taifish.conf");

    $locations =~ s/^ *limit_(?:conn|req)(?:_\w+)? .*\n//mg
        unless $self->{opt}{limits};
    $locations =~ s{/usr/share/taifish/web}{$dir/web}g;
    my $web = $self->{opt}{web}
        || (-e "$ROOT/web/dist/index.html" ? 'dist' : 'plain');
    system('cp', '-R', "$ROOT/web/$web", "$dir/web") == 0 or die "cp: $?"
        unless -d "$dir/web";
    spew("$dir/taifish.conf", $locations);
    spew("$dir/nginx.conf", $self->nginx_conf);
}

# Copies the module under a name of its own; returns the copy.

sub copy_module {
    my ($dir, $name) = @_;
    my $copy = "$dir/" . ($name || 'ngx_taifish_module.so');

    -e "$BUILD/ngx_taifish_module.so"
        or die "build/ngx_taifish_module.so: make module\n";
    File::Copy::copy("$BUILD/ngx_taifish_module.so", $copy) or die $!;
    chmod 0755, $copy;
    return $copy;
}

sub start_nginx {
    my ($self, %opt) = @_;
    my $dir = $self->{dir};

    $self->{module} ||= copy_module($dir);
    for my $sub (qw(logs tmp)) {
        next if -d "$dir/$sub";
        mkdir "$dir/$sub" or die $!;
        TaiFish::Server::give("$dir/$sub");
    }

    for my $try (1 .. 3) {
        $self->{port} ||= TaiFish::Server::free_port();
        $self->write_nginx_conf;
        $self->{nginx} = TaiFish::Server::spawn('nginx', $dir,
            [$NGINX, '-p', "$dir/", '-c', 'nginx.conf', '-e',
             'logs/error.log', '-g', 'daemon off;'], {});

        last if TaiFish::Server::until_true(10, sub {
            !$self->{nginx}->alive
                || TaiFish::Server::answers($self->{port});
        }) && $self->{nginx}->alive;

        my $log = $self->error_log . $self->{nginx}->output;
        die "nginx did not start:\n$log" if $try == 3
            || $log !~ /Address already in use/;
        unlink "$dir/logs/error.log";
        delete $self->{port};
    }

    return $self->{nginx} if exists $opt{ready} && !$opt{ready};

    my $anyone = $self->client;
    TaiFish::Server::until_true(20, sub {
        $anyone->get('/health/ready')->status == 200;
    }) or die "nginx is not ready: " . $self->error_log;

    return $self->{nginx};
}

sub stop_nginx {
    my ($self) = @_;
    my $nginx = delete $self->{nginx} or return;
    return $nginx->stop('QUIT', 40);
}

sub reload {
    my ($self) = @_;
    $self->{nginx}->signal('HUP');
}

# pids of the nginx processes that serve requests

sub nginx_workers {
    my ($self) = @_;
    return grep { cmdline($_) =~ /^nginx: worker process(?! is)/ }
        children($self->{nginx}->pid);
}

sub children {
    my ($pid) = @_;
    open my $in, '<', "/proc/$pid/task/$pid/children" or return;
    return split ' ', <$in> // '';
}

sub cmdline {
    my ($pid) = @_;
    open my $in, '<', "/proc/$pid/cmdline" or return '';
    local $/;
    return <$in> =~ s/\0/ /gr;
}

# Kibibytes of a process

sub rss {
    my ($pid) = @_;
    return slurp("/proc/$pid/status") =~ /^VmRSS:\s*(\d+)/m ? $1 : 0;
}

sub error_log  { my ($s) = @_; slurp_if("$s->{dir}/logs/error.log") }
sub access_log { my ($s) = @_; slurp_if("$s->{dir}/logs/access.log") }


# Clients.  client: nobody; as: a user of that role (a session row, no
# password is hashed); login: a real sign-in.

sub client {
    my ($self, %opt) = @_;
    return TaiFish::Client->new(base => $self->base, %opt);
}

sub as {
    my ($self, $name, %opt) = @_;
    my $token = MIME::Base64::encode_base64url(random_bytes(32));
    my $id = Digest::SHA::sha256_hex($token);

    $self->sql("INSERT INTO sessions (id, user_id, expires_at)
                SELECT '\\x$id', id, now() + interval '12 hours'
                FROM users WHERE username = '$name'");

    my $client = $self->client(%opt);
    $client->cookie(taifish_session => $token);
    return $client;
}

sub login {
    my ($self, $name, $password) = @_;
    my $client = $self->client;
    my $r = $client->post('/auth/login',
        { username => $name, password => $password // $PASSWORD });

    $r->status == 200 or die "login of $name: " . $r->as_string;
    return $client;
}


# SQL as the owner of the schema.  sql: nothing back; rows: a list of hashes;
# row: one; value: one value.

sub sql   { my $s = shift; $s->{pg}->sql(@_) }
sub rows  { my $s = shift; $s->{pg}->rows(@_) }
sub row   { my $s = shift; ($s->{pg}->rows(@_))[0] }
sub value { my $s = shift; $s->{pg}->value(@_) }

# A process with a transaction that ends when another session waits for a lock.
# Comes back with its number when the transaction has a lock of this mode on
# the table; it exits with 0 if all of it succeeded.

sub transaction {
    my ($self, $sql, $table, $mode) = @_;
    my $pid = fork // die;

    if (!$pid) {
        eval { $self->sql("BEGIN; $sql;
            DO \$\$
            BEGIN
                FOR i IN 1 .. 600 LOOP
                    EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE NOT granted);
                    PERFORM pg_sleep(0.05);
                END LOOP;
            END
            \$\$;
            END") };
        POSIX::_exit($@ ? 1 : 0);
    }
    TaiFish::Server::until_true(20, sub {
        $self->value("SELECT count(*) FROM pg_locks WHERE granted
            AND relation = '$table'::regclass AND mode = '$mode'") })
        or die "nobody has $table";
    return $pid;
}

# Waits for the end of a run; its row with items, a list of their rows.

sub wait_run {
    my ($self, $run_id, $seconds) = @_;
    my $run;

    $run_id =~ /^[0-9a-f-]{36}$/ or die "not a run: " . ($run_id // 'undef');

    TaiFish::Server::until_true($seconds || 60, sub {
        $run = $self->row("SELECT * FROM task_runs WHERE run_id = '$run_id'")
            or die "there is no run $run_id";
        $run->{status} !~ /^(?:pending|running)$/;
    }) or die "run $run_id is still $run->{status}: "
        . ($self->{worker} ? $self->{worker}->output : 'no worker');

    $run->{items} = [$self->rows("SELECT * FROM task_items
                                  WHERE run_id = $run->{id} ORDER BY id")];
    return $run;
}


# Managed databases.

sub mariadb {
    my ($self, $name) = @_;
    return $self->{targets}{ $name || 'mariadb' }
        ||= TaiFish::Server::mariadb("$self->{dir}/" . ($name || 'mariadb'));
}

sub postgres {
    my ($self, $name, %settings) = @_;
    return $self->{targets}{ $name || 'target' }
        ||= TaiFish::Server::pg("$self->{dir}/" . ($name || 'target'),
                                port => TaiFish::Server::free_port(),
                                %settings);
}


sub slurp {
    my ($path) = @_;
    open my $in, '<:encoding(UTF-8)', $path or die "$path: $!";
    local $/;
    return <$in> // '';
}

sub slurp_if { -e $_[0] ? slurp($_[0]) : '' }

sub spew {
    my ($path, $text) = @_;
    open my $out, '>:encoding(UTF-8)', $path or die "$path: $!";
    print $out $text;
    close $out or die "$path: $!";
}


# What the logs must not contain: a list of complaints.

my $sanitizer = qr/(?:Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer
                   |runtime[ ]error:/x;

sub complaints {
    my ($dir) = @_;
    my @found;

    for my $path (glob("$dir/logs/error.log*"), glob("$dir/*.out")) {
        open my $in, '<', $path or next;
        while (my $line = <$in>) {
            push @found, "$path: $line"
                if $line =~ $sanitizer
                || $path =~ /error\.log/ && $line =~ /\[(?:alert|emerg)\]/;
            last if @found > 50;
        }
    }

    return @found;
}

# Lines of [alert] and [emerg] that a test causes on purpose.

sub allow {
    my ($self, $pattern) = @_;
    push @{ $self->{allowed} }, $pattern;
}

sub close {
    my ($self) = @_;
    return unless delete $self->{pid};

    my @found = map { $_->close } @{ delete $self->{parts} || [] };

    $self->stop_nginx;
    $_->stop('TERM', 40) for @{ delete $self->{workers} || [] };
    $_->close for values %{ $self->{targets} || {} };
    $self->{redis}->close if $self->{redis};
    $self->{pg}->close if $self->{pg};

    push @found, complaints($self->{dir});
    for my $pattern (@{ $self->{allowed} || [] }) {
        @found = grep { $_ !~ $pattern } @found;
    }

    if (@found) {
        diag("the logs complain:\n", @found);
    }

    if ($ENV{TAIFISH_KEEP}) {
        diag("kept: $self->{dir}");

    } else {
        File::Path::remove_tree($self->{dir});
    }

    return scalar @found;
}

END {
    my $code = $?;

    for my $self (grep { $_->{pid} && $_->{pid} == $$ } @open) {
        my $found = eval { $self->close };
        if ($@) {
            diag($@);
            $found = 1;
        }
        $code ||= 1 if $found;
    }

    $? = $code;
}

$SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);

1;
