# New code without a stop, on one host, under load: a module with another
# version by another file name and a reload; then back by a new binary (USR2,
# WINCH, QUIT).  No request fails, and the new version answers.

use lib 't/lib';
use TaiFish;
use TaiFish::Load;

use Time::HiRes qw(sleep);

my $tf = TaiFish->new(workers => 2);
my $dir = $tf->dir;
my ($release) = TaiFish::slurp("$TaiFish::ROOT/src/core/tf_release.h")
    =~ /TF_RELEASE +"([^"]+)"/;
my $next = "$release.next";
my %module = ($release => TaiFish::copy_module($dir), $next => build());

# The module of the next version: what knows the version is compiled again.

sub build {
    my $copy = "$dir/nginx";
    my $header = TaiFish::slurp("$TaiFish::ROOT/src/core/tf_release.h");
    my @knows = map { m{([^/]+)\.c$} } split /\n/,
        `cd $TaiFish::ROOT && grep -rl tf_release.h src/ngx src/feature`;

    system('cp', '-R', "$TaiFish::BUILD/nginx", $copy) == 0 or die;
    mkdir "$dir/include" or die $!;
    TaiFish::spew("$dir/include/tf_release.h",
        $header =~ s/"\Q$release"/"$next"/r);
    my $make = TaiFish::slurp("$copy/objs/Makefile");
    $make =~ s{(?<=[\s=I])\.\./\.\./}{$TaiFish::ROOT/}g;    # of the copy
    $make =~ s{^(CFLAGS = )}{$1-I$dir/include }m or die 'no CFLAGS';
    TaiFish::spew("$copy/objs/Makefile", $make);
    unlink map { glob "$copy/objs/addon/*/$_.o" } @knows;
    unlink "$copy/objs/ngx_taifish_module.so" or die $!;

    # what make would take for older than the copy
    system('find', "$copy/objs", '-name', '*.o', '-exec', 'touch', '{}', '+')
        == 0 or die;
    my $said = `MAKEFLAGS= make -s -C $copy -f objs/Makefile modules 2>&1`;
    $? == 0 or die $said;

    my $name = "$dir/ngx_taifish_module-$next.so";
    rename "$copy/objs/ngx_taifish_module.so", $name or die $!;
    chmod 0755, $name;
    return $name;
}

# nginx as a host runs it, in the background: one in the foreground ignores
# USR2.

sub pid_in {
    my ($file) = @_;
    return TaiFish::slurp_if("$dir/$file") =~ /^(\d+)$/m ? $1 : 0;
}

END {
    my $code = $?;
    for my $pid (grep { $_ } map { pid_in($_) } 'nginx.pid',
        'nginx.pid.oldbin')
    {
        next unless TaiFish::cmdline($pid) =~ m{\Q$dir};
        kill 'QUIT', $pid;
        TaiFish::Server::until_true(10, sub {
            TaiFish::cmdline($pid) !~ m{\Q$dir};
        }) or kill 'TERM', $pid;
    }
    $? = $code;
}

for my $sub (qw(logs tmp)) {
    mkdir "$dir/$sub" or die $!;
    TaiFish::Server::give("$dir/$sub");
}
$tf->{port} = TaiFish::Server::free_port();
use_module($release);

sub use_module {
    my ($version) = @_;
    $tf->{module} = $module{$version};
    $tf->write_nginx_conf;
}

my ($code, $out) = TaiFish::Server::run_to_end($TaiFish::NGINX, ['-p', "$dir/",
    '-c', 'nginx.conf', '-e', 'logs/error.log'], {});
is $code, 0, 'it starts' or BAIL_OUT($out . $tf->error_log);

my $api = $tf->as('viewer');
TaiFish::Server::until_true(10, sub {
    $api->get('/health/ready')->status == 200;
}) or die $tf->error_log;

# The version that answers on new connections, when many of them agree.

sub version {
    my %seen;
    for (1 .. 20) {
        my $c = $tf->client;
        $seen{ ($c->get('/api/v1/health/basic')->data || {})->{version}
            // 'none' }++;
    }
    return join ' ', sort keys %seen;
}

is version(), $release, "$release answers";

sub under_load {
    my ($name, $happens) = @_;
    my $load = TaiFish::Load->start($tf, client => $api, path => '/tags',
        seconds => 120);

    sleep 0.5;
    $happens->();
    sleep($ENV{TAIFISH_PROOF} ? 5 : 1);
    my $seen = $load->finish;

    is_deeply $seen->{errors}, {}, "$name: no connection broke";
    is_deeply [keys %{ $seen->{status} }], [200],
        "$name: every answer of $seen->{requests} is 200"
        or diag explain $seen;
    diag "$name: $seen->{requests} requests" if $ENV{TAIFISH_PROOF};
}

# The versions of the module that processes of this nginx have in memory.

sub mapped {
    my ($master) = @_;
    my %seen;
    for my $pid (TaiFish::children($master)) {
        my $maps = TaiFish::slurp_if("/proc/$pid/maps");
        $maps =~ /\Q$module{$_}\E$/m and $seen{$_} = 1 for keys %module;
    }
    return join ' ', sort keys %seen;
}


# --- another file, and a reload --------------------------------------------

my $master = pid_in('nginx.pid');
my @before = TaiFish::children($master);

under_load('reload', sub {
    use_module($next);
    kill 'HUP', $master;
    ok TaiFish::Server::until_true(10, sub { version() eq $next }),
        "$next answers";
});
is pid_in('nginx.pid'), $master, 'the master is the same';
ok TaiFish::Server::until_true(10, sub {
    !grep { my $p = $_; grep { $_ == $p } @before }
        TaiFish::children($master);
}), 'the old processes are gone';
is mapped($master), $next, 'the old code is gone with the old processes';


# --- a new binary ----------------------------------------------------------

my $new = 0;

under_load('binary', sub {
    use_module($release);
    kill 'USR2', $master;
    ok TaiFish::Server::until_true(10, sub {
        $new = pid_in('nginx.pid');
        $new && $new != $master && TaiFish::children($new) == 2;
    }), 'a new master has processes of its own';
    is pid_in('nginx.pid.oldbin'), $master, 'beside the old one';
    sleep 0.5;
    kill 'WINCH', $master;
    ok TaiFish::Server::until_true(10, sub {
        my @left = grep { $_ != $new } TaiFish::children($master);
        !@left;
    }), 'the old processes leave';
    kill 'QUIT', $master;
    ok TaiFish::Server::until_true(10, sub {
        TaiFish::cmdline($master) !~ /nginx/;
    }), 'the old master is gone';
    is version(), $release, "$release answers again";
});
is mapped($new), $release, 'the new binary has the module from its own file';

done_testing;
