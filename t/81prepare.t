# docker/prepare.sh and docker/update.sh, with a program in docker's place.

use lib 't/lib';
use TaiFish;

plan skip_all => 'owners can be given by root only' if $>;

my $root = $TaiFish::ROOT;
my $prefix = TaiFish::Server::private_dir();
my $home = "$prefix/opt/taifish";
my $tf = TaiFish->new(redis => 0);

sub sh {
    my ($env, @command) = @_;
    local %ENV = (%ENV, %$env);
    my $out = join ' ', map { "'$_'" } @command;
    $out = `$out 2>&1 < /dev/null`;
    return ($? >> 8, $out);
}

my %env = (PREFIX => $prefix, TAIFISH_WORKER => $tf->program);
my $prepare = "$root/docker/prepare.sh";

my ($code, $out) = sh(\%env, $prepare);
is $code, 0, 'from nothing' or diag $out;
like $out, qr/Still to do: \S+fullchain\.pem/, 'it says what is missing';
ok !-e "$home/ssl/privkey.pem", 'a certificate is not made up';

my %is = (
    '' => 'root:root 755',
    'data/postgres' => '70:70 700', 'data/redis' => '999:1000 700',
    (map { ("data/app/$_" => '10001:10001 750') }
        qw(logs uploads exports backups)),
    'backups' => '10001:10001 700', 'ssl' => '0:10001 750',
    'secrets' => '0:0 711', 'secrets/keys' => '10001:10001 700',
    (map { ("secrets/$_" => '70:70 400') } qw(postgres_password
        db_owner_password db_api_password db_worker_password)),
    'secrets/redis_password' => '999:1000 400',
    (map { ("secrets/$_" => '10001:10001 400') } qw(database_url_owner
        database_url_api database_url_worker redis_url keys/seal.key
        keys/csrf.key)),
);
$is{''} = '0:0 755';
for my $path (sort keys %is) {
    my @st = stat "$home/$path";
    is sprintf('%d:%d %o', @st[4, 5], $st[2] & 07777), $is{$path},
        $path || $home;
}

my %secret = map { m{.*/(\w+)$} ? ($1 => TaiFish::slurp($_)) : () }
    grep { -f } glob "$home/secrets/*";
my %seen;
for my $name (grep { /_password$/ } sort keys %secret) {
    like $secret{$name}, qr/^[A-Za-z0-9_-]{32}$/, "$name is long";
    ok !$seen{$secret{$name}}++, 'and its own';
}
like $secret{database_url_api},
    qr{^postgresql://taifish_api:\Q$secret{db_api_password}\E\@172\.20\.0\.30},
    'the URL of nginx has the password of its role';
like $secret{redis_url},
    qr{^redis://taifish:\Q$secret{redis_password}\E\@172\.20\.0\.40},
    'so has that of Redis';
ok !grep({ $out =~ /\Q$_/ } grep { length > 8 } values %secret),
    'no secret is shown';

# Every file that compose mounts as a secret is among them.

my $compose = join '', map { TaiFish::slurp("$root/docker-compose$_.yml") }
    '', '.override';
my @files = $compose =~ m{file: "\$\{TAIFISH_HOME:-/opt/taifish\}/([^"]+)"}g;
ok @files > 8, 'compose names its secrets';
is_deeply [grep { !-s "$home/$_" } @files], [], 'they are there';
my @dirs = $compose =~ m{device: "\$\{TAIFISH_HOME:-/opt/taifish\}/([^"]+)"}g;
is_deeply [grep { !-d "$home/$_" } @dirs], [], 'and its directories';

sub digest {
    return join "\n", map { "$_ " . Digest::SHA->new(256)->addfile($_)
        ->hexdigest } sort grep { -f } glob "$home/secrets/{,keys/}*";
}

my $before = digest();
($code, $out) = sh(\%env, $prepare);
is $code, 0, 'again';
is digest(), $before, 'changes nothing';
unlike $out, qr/^made/m, 'and says so';

# With a database there, a lost secret is not replaced by another.

TaiFish::spew("$home/data/postgres/PG_VERSION", "15\n");
rename "$home/secrets/db_api_password", "$home/away" or die $!;
($code, $out) = sh(\%env, $prepare);
is $code, 1, 'a lost password';
like $out, qr/db_api_password is missing.*backup of the secrets/, 'is told';
ok !-e "$home/secrets/db_api_password", 'not made up';
rename "$home/away", "$home/secrets/db_api_password" or die $!;
rename "$home/secrets/keys", "$home/away" or die $!;
($code, $out) = sh(\%env, $prepare);
is $code, 1, 'lost keys';
like $out, qr/has no keys, but a database exists/, 'are told';
rename "$home/away", "$home/secrets/keys" or die $!;
is((sh(\%env, $prepare))[0], 0, 'and put back');

($code, $out) = sh(\%env, $prepare, '--self-signed', 'taifish.example');
is $code, 0, 'a certificate to try things' or diag $out;
like `openssl x509 -in $home/ssl/fullchain.pem -noout -ext subjectAltName`,
    qr/DNS:taifish\.example/, 'for that name';
is sprintf('%d:%d %o', (stat "$home/ssl/privkey.pem")[4, 5],
    (stat _)[2] & 07777), '0:10001 640', 'its key';
is((sh(\%env, $prepare, '--self-signed', '$(id)'))[0], 1, 'a strange name');
is((sh(\%env, $prepare, '--help'))[0], 2, 'a strange argument');


# update.sh.  What docker knows: a file per container, with its state; the
# log says in which order things happened.

my $docker = "$prefix/docker";
my $state = "$prefix/state";
mkdir $state or die $!;
TaiFish::spew($docker, <<'SH');
#!/bin/sh
cd "$STATE" || exit 1
say() { echo "$*" >> "$STATE/.log"; }
[ "$1" != compose ] || shift
case $1 in
    ps)      ls | grep "^$3" || : ;;
    run)     say migrate; [ -z "$MIGRATE_FAILS" ] ;;
    up)      want=${6#*=}; for last; do :; done
             [ "$2$3$4$5" = -d--no-deps--no-recreate--scale ] || exit 9
             n=$(ls | grep -c "^$last") i=0
             while [ "$n" -lt "$want" ]; do
                 i=$((i + 1)); id=$last-new$i
                 if [ ! -e "$id" ]; then
                     echo "${HEALTH:-healthy}" > "$id"
                     say "start $id"; n=$((n + 1))
                 fi
             done ;;
    inspect) cat "$4" ;;
    logs)    echo "the log of $4" ;;
    stop)    say "stop $4 of $(ls | grep -c "^${4%-*}")"; echo gone > "$4" ;;
    rm)      [ "$2" != -f ] || shift
             [ "$(cat "$2")" != healthy ] || exit 1
             rm "$2"; say "rm $2" ;;
    *)       exit 9 ;;
esac
SH
chmod 0755, $docker;

my %docker = (STATE => $state, PATH => "$prefix:$ENV{PATH}",
    UPDATE_DELAY => 0, UPDATE_WAIT => 1, MIGRATE_FAILS => '');
my $update = "$root/docker/update.sh";

sub world {
    unlink glob "$state/* $state/.log";
    TaiFish::spew("$state/$_", "healthy\n") for @_;
}

sub there { join ' ', map { s{.*/}{}r } sort glob "$state/*" }

world(qw(app-1 app-2 worker-1));
($code, $out) = sh(\%docker, $update);
is $code, 0, 'an update' or diag $out;
is there(), 'app-new1 app-new2 worker-new1', 'all new';
is TaiFish::slurp("$state/.log"), join("\n", 'migrate',
    'start worker-new1', 'stop worker-1 of 2', 'rm worker-1',
    'start app-new1', 'stop app-1 of 3', 'rm app-1',
    'start app-new2', 'stop app-2 of 3', 'rm app-2') . "\n",
    'the schema, workers, apps, one by one, a new one first';

world(qw(app-1 app-2 worker-1));
($code, $out) = sh({ %docker, HEALTH => 'unhealthy' }, $update, 'app');
is $code, 1, 'a new one that is not healthy';
is there(), 'app-1 app-2 worker-1', 'goes, and the old ones stay';
like $out, qr/the log of app-new1.*did not become healthy/s, 'it says why';

world(qw(app-1 worker-1));
($code) = sh({ %docker, MIGRATE_FAILS => 1 }, $update);
isnt $code, 0, 'a migration that fails';
is TaiFish::slurp("$state/.log"), "migrate\n", 'is the end of it';
world();
like((sh(\%docker, $update, 'app'))[1], qr/no app runs/, 'nothing runs');
is((sh(\%docker, $update, 'nginx'))[0], 1, 'what it does not replace');

done_testing;
