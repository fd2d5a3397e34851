# What nginx says of settings that are wrong: each of them, and where it
# stands; another program's role; a schema that is newer.

use lib 't/lib';
use TaiFish;

my $tf = TaiFish->new;
my $dir = $tf->dir;

$tf->{module} = TaiFish::copy_module($dir);
$tf->{port} = TaiFish::Server::free_port();
$tf->write_nginx_conf;

# nginx -t of the test's configuration as $change leaves it

sub tried {
    my ($change, %env) = @_;
    my $text = $tf->nginx_conf =~ s{logs/(?:error|access)\.log}{/dev/null}gr;
    $change->() for $text;
    TaiFish::spew("$dir/tried.conf", $text);
    mkdir "$dir/tmp" and TaiFish::Server::give("$dir/tmp");
    my ($code, $out) = TaiFish::Server::run_to_end($TaiFish::NGINX,
        ['-t', '-q', '-p', "$dir/", '-c', 'tried.conf', '-e', 'stderr'],
        { DATABASE_URL => undef, REDIS_URL => undef, %env });
    my %line;
    my $n = 0;
    for (split /\n/, $text) {
        $n++;
        $line{$1} = $n if /^\s*taifish_(database|redis)_url /;
    }
    return ($code, $out, \%line);
}

my ($code, $out, $line) = tried(sub { });
is $code, 0, 'all is well' or diag $out;

($code, $out, $line) = tried(sub {
    s/(taifish_database_url) .*?;/$1 "nonsense:\/\/x";/;
    s/(taifish_redis_url) .*?;/$1 http:\/\/x;/;
    s/(taifish_keys) .*?;/$1 \/nowhere;/;
});
isnt $code, 0, 'all is wrong';
like $out, qr{PostgreSQL URL .* in \S+tried\.conf:$line->{database}$}m,
    'the line of the database';
like $out, qr{Redis URL .* in \S+tried\.conf:$line->{redis}$}m,
    'the line of Redis';
like $out, qr{/nowhere/csrf\.key}, 'the file of one key that is missing';
like $out, qr{/nowhere/seal\.pub}, 'each of them';

($code, $out) = tried(sub { s/taifish_(?:database|redis)_url .*?;//g },
    DATABASE_URL => 'nonsense://x', REDIS_URL_FILE => '/nowhere');
isnt $code, 0, 'the same in the environment';
like $out, qr/PostgreSQL URL cannot be read$/m,
    'what comes from the environment has no line';
like $out, qr{open\(\) "/nowhere"},
    'a file of the environment that is missing is named';


# The worker's role: nginx starts, is not ready and says why.

my $url = \&TaiFish::database_url;
{
    no warnings 'redefine';
    local *TaiFish::database_url = sub { $url->($_[0], 'taifish_worker') };
    $tf->start_nginx(ready => 0);
}
my $ready;
ok TaiFish::Server::until_true(20, sub {
    $ready = $tf->client->get('/health/ready');
    $tf->error_log =~ /may not do/ }), 'another role is noticed';
is $ready->status, 503, 'nginx is not ready';
like $tf->error_log, qr/\[error\].* role taifish_worker may not do nginx's/,
    'its log names the role';
$tf->stop_nginx;


# A newer schema is no fault, but news.

$tf->sql("INSERT INTO schema_migrations (version, name, checksum)
          VALUES (9999, 'future', 'x')");
$tf->start_nginx;
is $tf->client->get('/health/ready')->status, 200, 'ready with a newer schema'
    for 1 .. 3;
is scalar(() = $tf->error_log =~ /\[warn\].* schema is newer \(9999\)/g), 1,
    'a newer schema is reported once';

done_testing;
