package TaiFish::Docker;

# TaiFish in containers of a real Docker Engine (t/lib/docker-box.sh).
#
#     my $box = TaiFish::Docker->ready;          # up, with a checkout, or skips
#     my ($code, $out) = $box->run('docker compose ps');      # in the checkout
#     my $load = $box->load(client => $admin, path => '/tags');
#     my $seen = $load->finish;
#
# The checkout is /root/taifish there.  After enter() this process is in the
# engine's network, so that a client and a load reach the published ports.
# Each connection of a load has an address of its own.  TAIFISH_BOX=DIR keeps
# the engine, its images and all in DIR for the next time.

use strict;
use warnings;
use utf8;

use File::Temp ();
use HTTP::Tiny;
use Time::HiRes ();
use TaiFish::Client;
use TaiFish::Load;

my $script = "$TaiFish::ROOT/t/lib/docker-box.sh";
my $setns = (POSIX::uname())[4] eq 'aarch64' ? 268 : 308;

# An engine for this test, or the end of the test.

sub ready {
    my ($class) = @_;

    Test::More::plan(skip_all => 'a long one: TAIFISH_PROOF=1')
        unless $ENV{TAIFISH_PROOF};
    Test::More::plan(skip_all => 'needs root') if $>;
    for my $program (qw(debootstrap slirp4netns ip unshare wrk)) {
        Test::More::plan(skip_all => "no $program")
            unless grep { -x "$_/$program" } split /:/, $ENV{PATH};
    }

    my $work = TaiFish::Server::private_dir();
    my $root = $ENV{TAIFISH_BOX}
        || File::Temp::tempdir('taifish-box-XXXXXX', DIR => '/var/tmp',
                               CLEANUP => 1) . '/box';
    my $self = $class->new($root, work => $work)->up;

    $self->checkout;
    my $base = "$root/root/base.tar";
    system($script, 'base', $base) == 0 or die 'no base'
        unless ($self->run('docker image inspect debian:12-slim'))[0] == 0;
    $self->image('debian:12-slim', $base);
    unlink $base;
    for my $name (qw(postgres:15 redis:7)) {
        $self->image("$name-alpine", $name =~ s/:.*/.Dockerfile/r);
    }
    return $self;
}

# A second engine, with a cable to the first and the same images.

sub second {
    my ($self) = @_;
    my $other = bless { %$self, root => "$self->{root}2", is_up => 0 },
        ref $self;

    $self->box('copy', $other->{root});
    $other->up($self->{root});
    return $other;
}

sub copy_images {
    my ($self, $other, @images) = @_;
    my $tar = 'root/images.tar';

    $self->must("docker save -o /$tar @images");
    rename "$self->{root}/$tar", "$other->{root}/$tar"
        or die "$tar: $!";
    $other->must("cd / && docker load -i /$tar && rm /$tar");
}

sub new {
    my ($class, $root, %opt) = @_;
    my $self = bless { root => $root, work => $opt{work}, pid => $$,
                       address => '10.0.2.100' }, $class;

    $self->box('make');
    return $self;
}

sub dir  { $_[0]{work} }
sub root { $_[0]{root} }
sub base { "https://$_[0]{address}" }

sub box {
    my ($self, $verb, @args) = @_;
    my $log = "$self->{root}.log";
    my $pid = fork() // die "fork: $!";

    if (!$pid) {
        open STDOUT, '>>', $log or die $!;
        open STDERR, '>&', \*STDOUT;
        setpgrp;
        exec $script, $verb, $self->{root}, @args or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    $? == 0 or die "docker-box.sh $verb: " . substr TaiFish::slurp($log), -2000;
}

sub up {
    my ($self, @cable) = @_;
    $self->box('up', @cable);
    $self->{is_up} = 1;
    return $self;
}

sub down {
    my ($self) = @_;
    $self->box('down') if delete $self->{is_up};
}

sub DESTROY {
    my ($self) = @_;
    local $?;
    $self->down if $self->{pid} == $$;
}

# A command of the shell in the engine's checkout: exit code and what it said.

sub run {
    my ($self, $command, $input) = @_;
    my $in = $self->{work} . '/input';

    TaiFish::spew($in, $input // '');
    open my $out, '-|', 'bash', '-c', 'exec "$0" run "$1" bash -c "$2"'
        . ' < "$3" 2>&1', $script, $self->{root},
        "cd /root/taifish 2> /dev/null || cd /\n$command", $in or die $!;
    my $text = do { local $/; <$out> } // '';
    close $out;
    return ($? >> 8, $text);
}

# What it said, and it must end with 0.

sub must {
    my ($self, $command, $input) = @_;
    my ($code, $out) = $self->run($command, $input);
    $code == 0 or die "$command: exit code $code\n$out";
    chomp $out;
    return $out;
}

# SQL as the owner of the schema, in that container of PostgreSQL.

sub sql {
    my ($self, $sql) = @_;
    return $self->must('docker exec -i $(docker ps -q -f name=taifish.postgres'
        . ' -f health=healthy) sh -c \'PGPASSWORD=$(cat '
        . '/run/secrets/db_owner_password) psql -XqAtw -v ON_ERROR_STOP=1 '
        . '-h 127.0.0.1 -U taifish -d taifish -f -\'', $sql);
}

sub eventually {
    my ($self, $seconds, $command, $want) = @_;
    return TaiFish::Server::until_true($seconds, sub {
        my ($code, $out) = $self->run($command);
        $code == 0 && $out =~ $want;
    });
}

# The files of git in the engine's checkout, as a clone has them, and the
# console, which is built here: an engine may reach no npm registry.

sub checkout {
    my ($self) = @_;
    my $to = "$self->{root}/root/taifish";

    system('make', '-s', '-C', $TaiFish::ROOT, 'console') == 0
        or die 'no console';
    system("rm -rf '$to' && mkdir -p '$to' && cd '$TaiFish::ROOT' && "
        . "{ git ls-files -z; find web/dist -type f -print0; } "
        . "| tar -c --null -T - | tar -x -C '$to'") == 0
        or die 'no checkout';
}

# An image of that name from a file for docker import, or a Dockerfile.

sub image {
    my ($self, $name, $file) = @_;
    my $dir = "$self->{root}/root/images";

    return if ($self->run("docker image inspect $name"))[0] == 0;
    system("rm -rf '$dir' && mkdir -p '$dir' && "
        . "cp '$TaiFish::ROOT'/t/data/docker/* '$dir'") == 0 or die;
    if ($file =~ /Dockerfile$/) {
        $self->must("cd ../images && docker build -q -t $name -f $file .");
    } else {
        system('cp', $file, "$dir/image.tar") == 0 or die;
        $self->must("docker import ../images/image.tar $name");
    }
}

# This process, and what it starts from now on, in the engine's network.

sub enter {
    my ($self) = @_;
    my $pid = TaiFish::slurp("$self->{root}.pid");
    ($pid) = split ' ', TaiFish::slurp("/proc/$pid/task/$pid/children"
        =~ s/\n//gr);
    open my $net, '<', "/proc/$pid/ns/net" or die $!;
    syscall($setns, fileno $net, 0x40000000) == 0 or die "setns: $!";
    system('ip route replace local 10.97.0.0/16 dev lo') == 0 or die;
}

sub client {
    my ($self, %opt) = @_;
    my $client = TaiFish::Client->new(base => $self->base, %opt);

    $client->{http} = HTTP::Tiny->new(max_redirect => 0, timeout => 20,
        keep_alive => 0, agent => 'taifish-test', verify_SSL => 0);
    return $client;
}

sub login {
    my ($self, $name, $password) = @_;
    my $client = $self->client;
    my $r = $client->post('/auth/login',
        { username => $name, password => $password });

    $r->status == 200 or die "login of $name: " . $r->as_string;
    return $client;
}

# Jobs, one after the other, each a sync of the instance that TaiFish's own
# PostgreSQL is, until finish: the list of [status, run_id].

sub jobs {
    my ($self, $client, $instance) = @_;
    my $file = $self->{work} . '/jobs' . ++$self->{jobs};
    my $pid = fork() // die "fork: $!";

    if (!$pid) {
        my $go = 1;
        local $SIG{TERM} = sub { $go = 0 };
        open my $out, '>', $file or POSIX::_exit(1);
        $out->autoflush;
        while ($go) {
            my $r = $client->post("/instances/$instance/actions/sync-accounts");
            my ($run) = ($r->body // '') =~ /"run_id":"?([0-9a-f-]+)/;
            print $out $r->status, ' ', $run // '-', ' ', $r->code // '', "\n";
            Time::HiRes::sleep(0.1);
        }
        POSIX::_exit(0);
    }

    return bless { pid => $pid, file => $file }, 'TaiFish::Docker::Jobs';
}

sub TaiFish::Docker::Jobs::finish {
    my ($self) = @_;
    kill 'TERM', $self->{pid};
    waitpid $self->{pid}, 0;
    return map { [split ' '] } split /\n/, TaiFish::slurp($self->{file});
}

sub load {
    my ($self, %opt) = @_;
    local $ENV{TAIFISH_FROM} = '10.97.0.0';

    return TaiFish::Load->start($self, connections => 64, delay => 25,
        seconds => 580, preload => TaiFish::Load::from_many($self), %opt);
}

1;
