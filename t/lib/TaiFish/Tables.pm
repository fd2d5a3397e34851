package TaiFish::Tables;

# Request/response tables of Test::Nginx::Socket against the module.
#
#     use lib 't/lib';
#     use TaiFish::Tables;
#
#     plan tests => repeat_each() * 2 * blocks();
#     run_tests();
#     __DATA__
#
#     === TEST 1: a viewer reads tags
#     --- as: viewer
#     --- request
#     GET /api/v1/tags
#     --- error_code: 200
#     --- response_body_like: "total":0
#
# A block without --- config gets conf/taifish.conf, and every block the http
# block of conf/nginx.conf without limits per address.  "--- as" signs the
# request in as that role, with the token that writes need.  "--- sql" runs
# before the block's request.  One PostgreSQL and one Redis serve the file:
# TaiFish::Tables->tf is the TaiFish object.

use strict;
use warnings;
use utf8;

use TaiFish ();
use TaiFish::Server ();

my ($tf, @sql, %signed);

sub tf { $tf }

sub run { $tf->sql($sql[$_[0]]) }

BEGIN {
    $tf = TaiFish->new;
    $tf->start_nginx;

    for my $role (qw(admin operator user viewer auditor)) {
        my $client = $tf->as($role);
        my $token = $client->csrf;
        my @cookies = map { "$_=" . $client->cookie($_) }
            sort keys %{ $client->{cookies} };
        $signed{$role} = "X-CSRFToken: $token\n"
            . 'Cookie: ' . join('; ', @cookies) . "\n";
    }

    $tf->stop_nginx;
    TaiFish::complaints($tf->dir) and die TaiFish::complaints($tf->dir);

    mkdir $tf->dir . '/tables' or die $!;
    chmod 0755, $tf->dir . '/tables';
    $ENV{TEST_NGINX_SERVROOT} = $tf->dir . '/tables';
    $ENV{TEST_NGINX_BINARY} = $TaiFish::NGINX;
    $ENV{TEST_NGINX_PORT} = TaiFish::Server::free_port();
    $ENV{TEST_NGINX_MASTER_PROCESS} = 'on';
    $ENV{TEST_NGINX_LOG_LEVEL} ||= 'info';
    $ENV{TEST_NGINX_FORCE_RESTART_ON_TEST} //= 0;
    $ENV{TEST_NGINX_TIMEOUT} ||= 30;
    $ENV{TEST_NGINX_NO_CLEAN} = 1;
}

use Test::Nginx::Socket ();

sub import {
    my $into = caller;

    strict->import;
    warnings->import;
    # in the name of the test file: Test::Base reads its __DATA__
    eval "package $into; Test::Nginx::Socket->import; 1" or die $@;

    my ($main, $http) = _parts($tf->nginx_conf);
    my $config = TaiFish::slurp($tf->dir . '/taifish.conf');

    utf8::encode($_) for $main, $http, $config;

    Test::Nginx::Socket::no_root_location();
    Test::Nginx::Socket::no_shuffle();
    Test::Nginx::Socket::no_long_string();
    Test::Nginx::Socket::add_block_preprocessor(sub {
        my ($block) = @_;

        $block->set_value('main_config',
            $main . "\n" . ($block->main_config // ''));
        $block->set_value('http_config',
            $http . "\n" . ($block->http_config // ''));
        $block->set_value('config', $config)
            unless defined $block->config;
        if (defined $block->sql) {
            push @sql, $block->sql;
            $block->set_value("init", "TaiFish::Tables::run($#sql)");
        }

        if (defined(my $role = $block->as)) {
            my $headers = $signed{$role} or die "--- as: $role?";
            $headers =~ s{^X-CSRFToken.*\n}{}m
                if ($block->more_headers // "") =~ m{^X-CSRFToken:}mi;
            $block->set_value('more_headers',
                $headers . ($block->more_headers // ''));
        }
    });
}

# main and http level of conf/nginx.conf without what Test::Nginx says itself.

sub _parts {
    my ($conf) = @_;
    my ($main, $http)
        = $conf =~ /\A(.*?)^events .*?^http \{\n(.*?)^ *server \{/ms
        or die 'conf/nginx.conf has another form';

    $main =~ s/^(?:worker_processes|error_log|pid|user) .*\n//mg;
    $http =~ s/^[ ]*(?:access_log|default_type|keepalive_timeout
                    |client_max_body_size|\w+_temp_path)[ ].*\n//xmg;
    return ($main, $http);
}

# Test::Nginx leaves its nginx running for us to end, and its log to be read.

END {
    my $code = $?;

    if ($tf && $tf->{pid} && $tf->{pid} == $$) {
        my $dir = $ENV{TEST_NGINX_SERVROOT};
        my $pid = TaiFish::slurp_if("$dir/logs/nginx.pid");
        chomp $pid;
        if ($pid =~ /^\d+$/ && kill 0, $pid) {
            kill 'QUIT', $pid;
            TaiFish::Server::until_true(20, sub { !kill 0, $pid })
                or kill 'KILL', $pid;
        }
        if (my @found = TaiFish::complaints($dir)) {
            Test::More::diag("the logs complain:\n", @found);
            $code ||= 1;
        }
    }

    $? = $code;
}

1;
