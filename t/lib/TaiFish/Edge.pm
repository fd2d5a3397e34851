package TaiFish::Edge;

# An edge and its apps, each an nginx of its own with the files of conf/ as
# they are but for addresses and paths, and docker/edge-watch.sh between them.
#
#     my $tf = TaiFish->new;                       # the stores
#     my $edge = TaiFish::Edge->new($tf, apps => 2);
#     my $admin = $edge->as('admin');              # by TLS, through the edge
#     $edge->app(2)->stop;                         # also kill, start
#     $edge->names(1, 2, 3);                       # what "app" resolves to
#
# App n is 127.0.0.n.  It takes part of $tf: ends with it, and its logs are
# looked through, too.

use strict;
use warnings;
use utf8;

use File::Copy ();
use File::Path ();

sub new {
    my ($class, $tf, %opt) = @_;
    my $dir = $tf->dir;
    my $self = bless { tf => $tf, dir => "$dir/edge", apps => {},
                       app_port => TaiFish::Server::free_port(),
                       tls_port => TaiFish::Server::free_port(),
                       port => TaiFish::Server::free_port(),
                       pause_port => TaiFish::Server::free_port() }, $class;

    $tf->{module} ||= TaiFish::copy_module($dir);
    push @{ $tf->{parts} }, $self;

    directories("$self->{dir}", qw(run logs ssl web web/assets));
    $self->certificate;
    $self->web;
    $self->names(1 .. ($opt{apps} || 2));
    $self->app($_)->start for 1 .. ($opt{apps} || 2);
    $self->start;
    return $self;
}

sub dir  { $_[0]{tf}->dir }
sub base { "https://127.0.0.1:$_[0]{tls_port}" }
sub app  { $_[0]{apps}{ $_[1] } ||= TaiFish::Edge::App->new($_[0], $_[1]) }

sub directories {
    my ($dir, @names) = @_;
    File::Path::make_path($dir, map { "$dir/$_" } @names);
    TaiFish::Server::give($dir, map { "$dir/$_" } @names);
}

# conf/ in a directory of its own, with the paths of the containers and their
# ports replaced.

sub copy_conf {
    my ($self, $dir, $address) = @_;
    my $edge = $self->{dir};
    my %listen = (5000 => !$address ? 5000 : "$address:$self->{app_port}",
        80 => "127.0.0.1:$self->{port}",
        443 => "127.0.0.1:$self->{tls_port}");

    for my $path (glob "$TaiFish::ROOT/conf/*.conf") {
        my ($name) = $path =~ m{([^/]+)$};
        my $text = TaiFish::conf($name);

        $text =~ s{/usr/lib/nginx/modules/ngx_taifish_module\.so}
                  {$self->{tf}{module}}g;
        $text =~ s{/usr/share/taifish/web}{$edge/web}g;
        $text =~ s{/etc/taifish/ssl}{$edge/ssl}g;
        $text =~ s{/run/taifish}{$dir/run}g;
        $text =~ s{/var/lib/taifish}{$dir}g;
        $text =~ s{/dev/stdout}{$dir/logs/access.log}g;
        $text =~ s{^error_log stderr}{error_log $dir/logs/error.log}m;
        $text =~ s{127\.0\.0\.1:5001\b}{127.0.0.1:$self->{pause_port}}g;
        $text =~ s{^( *listen) (5000|80|443)\b}{$1 $listen{$2}}mg;
        TaiFish::spew("$dir/$name", $text);
    }
}

sub web {
    my ($self) = @_;
    my $web = "$self->{dir}/web";
    my $script = "/* a script of the console */\n" x 100;

    TaiFish::spew("$web/index.html", "<!doctype html><title>TaiFish</title>\n");
    TaiFish::spew("$web/assets/index-0a1b2c3d.js", $script);
    system('gzip', '-9kn', "$web/assets/index-0a1b2c3d.js") == 0 or die;
}

# A new certificate in its place, with a key of that kind; its serial number.

sub certificate {
    my ($self, @kind) = @_;
    my $ssl = "$self->{dir}/ssl";
    my ($code, $out) = TaiFish::Server::run_to_end('openssl', ['req', '-x509',
        '-newkey', @kind ? @kind : 'rsa:2048', '-nodes', '-days', 2,
        '-subj', '/CN=localhost', '-keyout', "$ssl/privkey.pem.new",
        '-out', "$ssl/fullchain.pem.new"], {});

    $code == 0 or die "openssl: $out";
    for my $name (qw(privkey fullchain)) {
        rename "$ssl/$name.pem.new", "$ssl/$name.pem" or die $!;
    }

    return serial('x509', '-in', "$ssl/fullchain.pem");
}

sub serial {
    my ($command, @args) = @_;
    my (undef, $out) = TaiFish::Server::run_to_end('openssl', [$command,
        @args, '-noout', '-serial'], {});
    return $out =~ /serial=(\w+)/ ? $1 : '';
}

# What the name "app" resolves to, from now on.

sub names {
    my ($self, @n) = @_;
    my $file = "$self->{dir}/names";

    TaiFish::spew("$file.new", join '', map { "127.0.0.$_  STREAM app\n"
        . "127.0.0.$_  DGRAM\n" } @n);
    rename "$file.new", $file or die $!;
}

# How often the edge tries a request again that found no app.

sub again {
    my ($self, $rate) = @_;
    my $file = "$self->{dir}/edge.conf";

    TaiFish::spew($file, TaiFish::slurp($file)
        =~ s{(zone=edge_again:1m rate=)\w+/m}{$1$rate/m}r);
    $self->watch->signal('HUP');
}

sub list { TaiFish::slurp_if("$_[0]{dir}/run/upstream.conf") }

# Waits until the edge has the apps of that many names.

sub wait_list {
    my ($self, @n) = @_;
    my $want = join '', map { "127.0.0.$_:$self->{app_port} " } sort @n;

    return TaiFish::Server::until_true(10, sub {
        join('', map { "$_ " } $self->list =~ /^server (\S+) max/mg) eq $want;
    });
}

sub start {
    my ($self, %env) = @_;
    my $dir = $self->{dir};

    $self->copy_conf($dir);
    File::Copy::copy("$TaiFish::ROOT/docker/edge-watch.sh", $dir) or die $!;
    $self->{watch} = TaiFish::Server::spawn('edge', $dir,
        ['/bin/sh', "$dir/edge-watch.sh"], {
            EDGE_CONF => "$dir/edge.conf",
            EDGE_LIST => "$dir/run/upstream.conf",
            EDGE_PORT => $self->{app_port}, EDGE_SECONDS => 1,
            EDGE_RESOLVE => "cat $dir/names",
            EDGE_NGINX => $TaiFish::NGINX, %env });

    TaiFish::Server::until_true(10, sub {
        $self->{watch}->alive or die 'the edge ended: ' . $self->error_log;
        TaiFish::Server::answers($self->{tls_port});
    }) or die 'the edge does not start: ' . $self->error_log;
}

sub watch { $_[0]{watch} }
sub pid   { TaiFish::slurp_if("$_[0]{dir}/run/nginx.pid") =~ /(\d+)/ ? $1 : 0 }

sub error_log {
    my ($self) = @_;
    return TaiFish::slurp_if("$self->{dir}/logs/error.log")
        . ($self->{watch} ? $self->{watch}->output : '');
}

sub access_log { TaiFish::slurp_if("$_[0]{dir}/logs/access.log") }

sub client {
    my ($self, %opt) = @_;
    my $client = TaiFish::Client->new(base => $self->base, %opt);

    $client->{http} = HTTP::Tiny->new(max_redirect => 0, timeout => 60,
        keep_alive => 1, agent => 'taifish-test', verify_SSL => 0);
    return $client;
}

# A client of a user; the cookie's name is that of TLS.

sub as {
    my ($self, $name) = @_;
    local $self->{tf}{port} = 0;
    my $token = $self->{tf}->as($name)->cookie('taifish_session');
    my $client = $self->client;

    $client->cookie('__Host-taifish_session' => $token);
    return $client;
}

# Ends all of it; what the logs complain of.

sub close {
    my ($self) = @_;
    my @apps = values %{ delete $self->{apps} || {} };

    if (my $watch = delete $self->{watch}) {
        $watch->stop('QUIT', 40);
    }
    $_->stop for @apps;
    return map { TaiFish::complaints($_) } $self->{dir},
        map { $_->{dir} } @apps;
}


package TaiFish::Edge::App;

sub new {
    my ($class, $edge, $n) = @_;
    my $dir = $edge->{tf}->dir . "/app$n";

    TaiFish::Edge::directories($dir, qw(run logs));
    $edge->copy_conf($dir, "127.0.0.$n");
    return bless { edge => $edge, dir => $dir,
                   base => "http://127.0.0.$n:$edge->{app_port}" }, $class;
}

sub base { $_[0]{base} }
sub pid  { $_[0]{nginx}->pid }

# Starts it; ready => 0 does not wait until it can do its work.

sub start {
    my ($self, %opt) = @_;
    my $tf = $self->{edge}{tf};

    $self->{nginx} = TaiFish::Server::spawn('nginx', $self->{dir},
        [$TaiFish::NGINX, '-c', "$self->{dir}/app.conf", '-e', 'stderr',
         '-g', 'daemon off;'], { $tf->env('taifish_api') });
    return if exists $opt{ready} && !$opt{ready};

    my $anyone = TaiFish::Client->new(base => $self->{base});
    TaiFish::Server::until_true(20, sub {
        $self->{nginx}->alive or die 'an app ended: '
            . $self->{nginx}->output . $self->error_log;
        $anyone->get('/health/ready')->status == 200;
    }) or die 'an app is not ready: ' . $self->error_log;
}

sub error_log  { TaiFish::slurp_if("$_[0]{dir}/logs/error.log") }
sub access_log { TaiFish::slurp_if("$_[0]{dir}/logs/access.log") }

# As "docker stop" does with STOPSIGNAL SIGQUIT.

sub stop {
    my ($self) = @_;
    my $nginx = delete $self->{nginx} or return;
    return $nginx->stop('QUIT', 40);
}

# The whole container at once.

sub kill {
    my ($self) = @_;
    my $nginx = delete $self->{nginx} or return;
    my $pid = $nginx->pid;

    CORE::kill('KILL', -$pid);
    TaiFish::Server::until_true(10, sub { !$nginx->alive })
        or die "$pid does not die";
}

1;
