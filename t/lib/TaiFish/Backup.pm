package TaiFish::Backup;

# docker/backup.sh and restore.sh in a test's directory.
#
#     my $backup = TaiFish::Backup->new($tf);
#     my ($code, $said, $out) = $backup->run(['now'], SLOW => 2);
#
# The programs of PostgreSQL leave their arguments and environment in the file
# $b->{seen}; pg_dump takes SLOW seconds first.

use strict;
use warnings;
use utf8;

sub new {
    my ($class, $tf) = @_;
    my $home = $tf->dir;
    my $pg = $tf->pg;
    my $self = bless { home => $home, dir => "$home/backups",
                       seen => "$home/work/seen" }, $class;

    # where the user that runs the servers may read them
    for my $script (qw(backup.sh restore.sh)) {
        system('install', '-m', '755', "$TaiFish::ROOT/docker/$script", $home)
            == 0 or die;
    }
    for my $new ($self->{dir}, "$home/shim", "$home/work") {
        mkdir $new or die $!;
        TaiFish::Server::give($new);
    }

    for my $name (qw(psql pg_dump pg_restore)) {
        my $slow = $name eq 'pg_dump' ? 'sleep "${SLOW:-0}"' : ':';
        TaiFish::spew("$home/shim/$name", <<SHIM);
#!/bin/sh
{ echo "$name \$*"; env; } >> $self->{seen}
$slow
exec $pg->{bin}/$name "\$\@"
SHIM
        chmod 0755, "$home/shim/$name";
    }

    $pg->sql("CREATE ROLE taifish_verify LOGIN CREATEDB");
    $self->{env} = { PATH => "$home/shim:$ENV{PATH}",
        BACKUP_DIR => $self->{dir}, TMPDIR => "$home/work",
        DATABASE_URL => $tf->database_url('taifish'),
        BACKUP_VERIFY_URL =>
            "host=$pg->{socket} dbname=postgres user='taifish_verify'" };
    return $self;
}

# backup.sh to its end, or another program in its place: exit code, what its
# line said, its output.

sub run {
    my ($self, $args, %more) = @_;
    my $program = delete $more{program} || "$self->{home}/backup.sh";
    my ($code, $out) = TaiFish::Server::run_to_end($program, $args,
        { %{ $self->{env} }, %more });
    return ($code, eval { JSON::PP::decode_json($out) } // {}, $out);
}

# In the background

sub spawn {
    my ($self, $args, %more) = @_;
    my $program = delete $more{program} || "$self->{home}/backup.sh";
    return TaiFish::Server::spawn('backup', $self->{home},
        [$program, @$args], { %{ $self->{env} }, %more });
}

# A restore with DATABASE_URL_FILE: exit code and output

sub restore {
    my ($self, $args, $url) = @_;
    my $file = "$self->{home}/work/url";
    open my $out, '>:raw', $file or die $!;
    print $out "$url\n";
    close $out;
    TaiFish::Server::give($file);
    return TaiFish::Server::run_to_end("$self->{home}/restore.sh", $args,
        { %{ $self->{env} }, DATABASE_URL => '',
          DATABASE_URL_FILE => $file });
}

# What a run must not leave behind

sub leftovers {
    my ($self) = @_;
    return join ' ', glob("$self->{home}/work/taifish-backup.*"),
        glob("$self->{dir}/.taifish*");
}

# The shell and the tools of Alpine: a program for run, undef without busybox.

sub busybox {
    my ($self) = @_;
    my $home = $self->{home};
    my ($busybox) = grep { -x } qw(/bin/busybox /usr/bin/busybox) or return;

    mkdir "$home/busybox" or die $!;
    system($busybox, '--install', '-s', "$home/busybox") == 0 or die;
    # Alpine's has it, Debian's has not
    -e "$home/busybox/flock"
        or symlink '/usr/bin/flock', "$home/busybox/flock" or die $!;

    TaiFish::spew("$home/backup-busybox.sh", "#!/bin/sh\n"
        . "PATH=$home/shim:$home/busybox exec $busybox sh $home/backup.sh "
        . "\"\$@\"\n");
    chmod 0755, "$home/backup-busybox.sh";
    return "$home/backup-busybox.sh";
}

1;
