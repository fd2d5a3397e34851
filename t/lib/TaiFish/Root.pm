package TaiFish::Root;

# A Debian of its own below a directory, for what changes a machine: packages,
# users, services.  Needs root, debootstrap and the mirror of this machine.
#
#     my $root = TaiFish::Root->new('trixie');      # a fresh one, minimal
#     my ($code, $out) = $root->run('apt-get update');
#     $root->boot;                                  # systemd, from now on
#     ($code, $out) = $root->run('systemctl status');
#
# run() takes lines for bash, in /root.  Before boot() it shares the machine's
# network; after it only its own loopback, and all its processes end with it.
# What was debootstrapped is kept in TAIFISH_ROOTS (/var/tmp/taifish-roots) for
# the next time; the directory of a root goes when the process ends.

use strict;
use warnings;
use utf8;

use File::Path ();
use File::Temp ();

my $cache = $ENV{TAIFISH_ROOTS} || '/var/tmp/taifish-roots';
my @made;

sub why_not {
    return 'needs root' if $>;
    my ($have) = grep { -x "$_/debootstrap" } split /:/, $ENV{PATH};
    return $have ? undef : 'no debootstrap';
}

# Where this machine's packages come from.

sub mirror {
    my ($suite) = `. /etc/os-release; echo \$VERSION_CODENAME` =~ /(\S+)/;
    for my $path (glob '/etc/apt/sources.list.d/*.sources') {
        for my $s (split /\n{2,}/, TaiFish::slurp($path)) {
            $s =~ s/^#.*\n//mg;
            next if $s =~ /^Enabled:\s*no/mi
                || $s !~ /^Suites:.*\b\Q$suite\E(?:\s|$)/mi;
            return $1 if $s =~ /^URIs:\s*(\S+)/mi;
        }
    }
    for my $path ('/etc/apt/sources.list',
                  glob '/etc/apt/sources.list.d/*.list') {
        return $1 if TaiFish::slurp_if($path)
            =~ /^\s*deb\s+(?:\[.*?\]\s+)?(\S+)\s+\Q$suite\E\s/m;
    }
    die "no apt source of $suite was found\n";
}

sub new {
    my ($class, $suite) = @_;
    my $base = "$cache/$suite";

    if (!-d $base) {
        File::Path::make_path($cache);
        system("debootstrap --variant=minbase $suite $base.new " . mirror()
            . " > $base.log 2>&1") == 0
            or die "debootstrap: see $base.log\n";
        rename "$base.new", $base or die $!;
    }

    my $self = bless { pid => $$, suite => $suite,
        dir => File::Temp::mkdtemp("$cache/XXXXXX") }, $class;
    push @made, $self;
    system('cp', '-a', "$base/.", $self->{dir}) == 0 or die 'cp';
    system('cp', '-L', '/etc/resolv.conf', '/etc/hosts', "$self->{dir}/etc")
        == 0 or die 'cp';
    $self->reach_registries;
    return $self;
}

# As this machine does: a mirror that stands still has an old date and is
# signed all the same, and npm may trust an authority of this network.

sub reach_registries {
    my ($self) = @_;
    my $dir = $self->{dir};
    my ($registry, $ca) = map { `npm config get $_ 2>/dev/null` =~ s/\s+$//r }
        qw(registry cafile);
    my $npmrc = $registry =~ /^http/ ? "registry=$registry\n" : '';

    if (-f $ca) {
        system('cp', '-L', $ca, "$dir/etc/npm-authority.pem") == 0 or die 'cp';
        $npmrc .= "cafile=/etc/npm-authority.pem\n";
    }
    TaiFish::spew("$dir/$_/.npmrc", $npmrc) for qw(root etc/skel);
    TaiFish::spew("$dir/etc/apt/apt.conf.d/90still",
        "Acquire::Check-Valid-Until \"false\";\n");
    TaiFish::spew("$dir/etc/gitconfig", "[safe]\n    directory = *\n");
}

sub dir { $_[0]{dir} }

# What is committed of this checkout, as a repository to be cloned.

sub repository {
    my ($self, $path) = @_;
    system('git', 'clone', '-q', '--bare', $TaiFish::ROOT,
        "$self->{dir}$path") == 0 or die 'git clone';
}

my $mounts = <<'END';
mount --bind "$0" "$0" && cd "$0"
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs dev
for n in null:3 zero:5 full:7 random:8 urandom:9; do
    mknod -m 666 dev/${n%:*} c 1 ${n#*:}
done
mknod -m 666 dev/tty c 5 0
mknod -m 600 dev/console c 1 3
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
mkdir -p old
pivot_root . old && cd / && umount -l /old
END

my @env = ('env', '-i', 'HOME=/root', 'TERM=dumb', 'LANG=C.UTF-8',
    'DEBIAN_FRONTEND=noninteractive',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');

sub run {
    my ($self, $line) = @_;
    my @enter = $self->{init}
        ? ('nsenter', '-t', $self->{init}, qw(-m -n -p -u -i -C -r -w))
        : (qw(unshare -m -p -f --kill-child --propagation private bash -c),
           "{ $mounts} && exec \"\$@\"", $self->{dir});

    open my $in, '-|', 'sh', '-c', 'exec "$@" 2>&1 < /dev/null', 'sh', @enter,
        @env, 'bash', '-c', "cd\n$line" or die $!;
    my $out = do { local $/; <$in> } // '';
    close $in;
    return ($? >> 8 || $? & 127, $out);
}

# A program of this machine with the root's network and processes.

sub beside {
    my ($self) = @_;
    return ('nsenter', '-t', $self->{init}, '-n');
}

# systemd as on a machine: its mounts are shared, which is how credentials
# reach a service.

sub boot {
    my ($self) = @_;
    my $init = <<'END';
mount --make-rshared /
mount -t sysfs -o ro sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
mount -t tmpfs -o mode=755 tmpfs /run
exec env -i container=unshare PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --log-target=console --show-status=0
END
    my $pid = fork // die $!;

    if (!$pid) {
        open STDIN, '<', '/dev/null' or die $!;
        open STDOUT, '>', "$self->{dir}.console" or die $!;
        open STDERR, '>&', \*STDOUT or die $!;
        exec qw(unshare -m -p -n -u -i -C -f --kill-child --propagation
            private bash -c), $mounts . $init, $self->{dir};
        die $!;
    }

    $self->{unshare} = $pid;
    TaiFish::Server::until_true(10, sub {
        ($self->{init}) = TaiFish::children($pid) }) or die 'unshare';
    TaiFish::Server::until_true(60, sub {
        (my $code, $self->{state})
            = $self->run('systemctl is-system-running');
        $self->{state} =~ /^(?:running|degraded)$/m;
    }) or die "systemd: $self->{state}"
        . TaiFish::slurp("$self->{dir}.console");
}

sub end {
    my ($self) = @_;

    if (my $pid = delete $self->{unshare}) {
        kill 'KILL', $self->{init}, $pid;
        waitpid $pid, 0;
    }

    # nothing may be mounted there when it is removed
    system('rm', '-rf', '--one-file-system', $self->{dir},
        "$self->{dir}.console") if delete $self->{pid};
}

END {
    my $code = $?;
    $ENV{TAIFISH_KEEP} || $_->end
        for grep { ($_->{pid} // 0) == $$ } @made;
    $? = $code;
}

# The commands of a document: what stands below a heading, indented, as blocks.

sub commands {
    my ($path, $heading) = @_;
    my ($text) = TaiFish::slurp("$TaiFish::ROOT/$path")
        =~ /^## \Q$heading\E\n(.*?)(?=^## |\z)/ms or die "$path: $heading";
    my @blocks = ('');
    for my $line (split /^/m, "$text-\n") {
        if ($line =~ /^ {4}/ || $blocks[-1] ne '' && $line eq "\n") {
            $blocks[-1] .= $line =~ s/^ {4}//r;
        } elsif ($blocks[-1] ne '') {
            push @blocks, '';
        }
    }
    pop @blocks;
    return @blocks;
}

1;
