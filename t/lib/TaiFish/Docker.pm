package TaiFish::Docker;

# TaiFish in containers of a real Docker Engine (t/lib/docker-box.sh).
#
#     my $box = TaiFish::Docker->new('/var/tmp/box');    # made when missing
#     my ($code, $out) = $box->run('docker compose ps'); # in its checkout
#     my $load = $box->load(client => $admin, path => '/tags');
#     my $seen = $load->finish;
#
# The checkout is /root/taifish there.  After enter() this process is in the
# engine's network, so that a client and a load reach the published ports.
# Each connection of a load has an address of its own.

use strict;
use warnings;
use utf8;

use HTTP::Tiny;
use TaiFish::Client;
use TaiFish::Load;

my $script = "$TaiFish::ROOT/t/lib/docker-box.sh";
my $setns = (POSIX::uname())[4] eq 'aarch64' ? 268 : 308;

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
    my $log = "$self->{work}/box.log";
    my $pid = fork() // die "fork: $!";

    if (!$pid) {
        open STDOUT, '>>', $log or die $!;
        open STDERR, '>&', \*STDOUT;
        exec $script, $verb, $self->{root}, @args or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    $? == 0 or die "docker-box.sh $verb: " . substr TaiFish::slurp($log), -2000;
}

sub up {
    my ($self) = @_;
    $self->box('up');
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
        . ' < "$3" 2>&1', $script, $self->{root}, "cd /root/taifish\n$command",
        $in or die $!;
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

sub eventually {
    my ($self, $seconds, $command, $want) = @_;
    return TaiFish::Server::until_true($seconds, sub {
        my ($code, $out) = $self->run($command);
        $code == 0 && $out =~ $want;
    });
}

# The files of git in the engine's checkout, as a clone has them.

sub checkout {
    my ($self) = @_;
    my $to = "$self->{root}/root/taifish";

    system("rm -rf '$to' && mkdir -p '$to' && cd '$TaiFish::ROOT' && "
        . "git ls-files -z | tar -c --null -T - | tar -x -C '$to'") == 0
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

sub load {
    my ($self, %opt) = @_;
    local $ENV{TAIFISH_FROM} = '10.97.0.0';

    return TaiFish::Load->start($self, connections => 64, delay => 25,
        seconds => 580, preload => TaiFish::Load::from_many($self), %opt);
}

1;
