# TaiFish on a Swarm of two nodes, each a real Docker Engine with a cable to
# the other (t/lib/docker-box.sh): the commands of docs/deployment.md, "Several
# hosts", with requests and jobs all the time.  Minutes; TAIFISH_PROOF=1.

use lib 't/lib';
use TaiFish;
use TaiFish::Docker;
use Time::HiRes qw(sleep time);

my $one = TaiFish::Docker->ready;
my $two = $one->second;
my $docs = TaiFish::slurp("$TaiFish::ROOT/docs/deployment.md");

# A block of the docs as it is written there, found by its first line.

sub block {
    my ($first) = @_;
    my ($text) = $docs =~ /^( {4,}\Q$first\E.*\n(?: {4,}.*\n)*)/m
        or die "no $first in docs/deployment.md";
    $text =~ s/^ +//mg;
    return "set -a; . ./.env; set +a\n$text";
}

sub services {
    return $one->must('docker service ls --format "{{.Name}} {{.Replicas}}"');
}

sub has { my ($what) = @_; return sub { services() =~ /$what/ } }

my @images = map { "taifish-$_" } qw(app worker edge);


# --- the first start -------------------------------------------------------

$one->must('cp .env.example .env && docker compose build -q');
for my $image (@images) {
    $one->must("printf 'FROM $image:latest\\nLABEL v=2\\n' "
        . "| docker build -q -t $image:2 -");
    $one->must("printf 'FROM $image:latest\\nENTRYPOINT [\"false\"]\\n' "
        . "| docker build -q -t $image:3 -");
}
$one->copy_images($two, qw(postgres:15-alpine redis:7-alpine),
    map { my $i = $_; map { "$i:$_" } qw(latest 2 3) } @images);

$one->must('docker swarm init --advertise-addr 10.99.0.1 '
    . '--data-path-addr 10.99.0.1');
my $token = $one->must('docker swarm join-token -q worker');
$two->must("docker swarm join --advertise-addr 10.99.0.2 --token $token "
    . '10.99.0.1:2377');
my ($name) = map { $_->must('hostname') } $one;

$one->must('rm -rf /opt/taifish && DATABASE_HOST=postgres REDIS_HOST=redis '
    . 'docker/prepare.sh --self-signed taifish.test');
$two->must('install -d -o 10001 -g 10001 -m 750 /opt/taifish/data/app');
$one->must("docker node update --label-add taifish.data=true "
    . "--label-add taifish.edge=true $name");
$one->must("echo TAIFISH_TARGET_ALLOW=172.20.0.0/16 >> .env");
my $deploy = block('set -a; . ./.env');
note $one->must($deploy);
ok TaiFish::Server::until_true(180, has(qr/app 3\/3/)), 'three apps';
ok TaiFish::Server::until_true(60, has(qr/worker 3\/3/)), 'three workers';
ok TaiFish::Server::until_true(60, has(qr/nginx 1\/1/)), 'an edge'
    or diag services();
is join(' ', sort split /\s+/, $one->must('docker node ps '
    . '$(docker node ls -q) --filter desired-state=running '
    . '--format "{{.Name}} {{.Node}}" | grep app | cut -d" " -f2 | sort -u')),
    "$name ${name}2", 'on both nodes';

my $once = block('docker run --rm --network taifish');
my ($password) = $one->must($once) =~ /password: (\S+)/;
$one->enter;
TaiFish::Load::from_many($one);
my $admin = $one->login('admin', $password);


# --- what goes on all the time ---------------------------------------------

sub posted {
    my ($r) = @_;
    $r->status == 201 or die $r->as_string;
    return $r->data;
}

my $tag = posted($admin->post('/tags', { name => 'a', display_name => 'A',
                                         category => 'x' }))->{tag}{id};
my $owner = $one->must('cat /opt/taifish/secrets/db_owner_password');
my $credential = posted($admin->post('/credentials', { name => 'own',
    credential_type => 'database', db_type => 'postgresql',
    username => 'taifish', password => $owner }))->{credential}{id};
my @instances = map { posted($admin->post('/instances', { name => "own $_",
    db_type => 'postgresql', host => 'postgres', port => 5432,
    database_name => 'taifish', tls_mode => 'disable',
    credential_id => $credential }))->{instance}{id} } 1 .. 1;

sub meanwhile {
    my ($what, $happens) = @_;
    my $load = $one->load(client => $admin, path => "/tags/$tag");
    my $jobs = $one->jobs($admin, $instances[0]);

    sleep 2;
    my $start = time;
    $happens->($load);
    diag sprintf '%s: %.0f s', $what, time - $start;
    sleep 3;
    my $seen = $load->finish;
    my @jobs = $jobs->finish;
    diag sprintf '%s: %d GETs, slowest %.0f ms, answers %s, errors %s; %d jobs',
        $what, $seen->{requests}, $seen->{max},
        join(' ', map { "$_:$seen->{status}{$_}" } keys %{ $seen->{status} }),
        join(' ', %{ $seen->{errors} }), scalar @jobs;
    jobs_are_done($what, @jobs);
    return $seen;
}

# Every job that was accepted is done, once.

sub jobs_are_done {
    my ($what, @jobs) = @_;
    my @runs = map { $_->[1] } grep { $_->[1] ne '-' } @jobs;
    my $list = join ',', map { "'$_'" } @runs;

    cmp_ok scalar @runs, '>', 5, "$what: jobs";
    is join(' ', grep { !/^20[02]$/ } map { $_->[0] } @jobs), '',
        "$what: all accepted";
    my $is;
    TaiFish::Server::until_true(90, sub {
        $is = $one->sql("SELECT count(*) || ' ' || count(*) FILTER (WHERE
            r.status LIKE 'completed%') || ' ' || sum((SELECT count(*) FROM
            task_items i WHERE i.run_id = r.id AND i.state = 'done'))
            FROM task_runs r WHERE r.run_id::text IN ($list)");
        $is eq join ' ', (scalar @runs) x 3;
    });
    is $is, join(' ', (scalar @runs) x 3), "$what: each is done, once";
}

sub no_failure {
    my ($what, $seen) = @_;
    is_deeply [keys %{ $seen->{status} }], [200], "$what: no GET failed"
        or diag explain $seen;
    is_deeply $seen->{errors}, {}, "$what: no connection broke";
}


# --- an update -------------------------------------------------------------

sub images {
    return $one->must('docker service ls --format "{{.Name}} {{.Image}} '
        . '{{.Replicas}}" | grep "^taifish_\(app\|worker\) " | sort '
        . '| tr "\n" " "');
}

sub updated {
    my ($service) = @_;
    return $one->must("docker service inspect taifish_$service "
        . "-f '{{with .UpdateStatus}}{{.State}}{{end}}'");
}

no_failure('an update', meanwhile('an update', sub {
    $one->must('sed -i s/^TAIFISH_VERSION=.*/TAIFISH_VERSION=2/ .env');
    $one->must($once =~ s/admin create$/migrate/mr);
    $one->must(block('docker service update --detach=false --image'));
    is updated($_), 'completed', "$_ is complete" for qw(app worker);
}));
is images(), 'taifish_app taifish-app:2 3/3 taifish_worker taifish-worker:2 '
    . '3/3 ', 'the new images run';

no_failure('a bad image', meanwhile('a bad image', sub {
    $one->must('docker service update -d --image taifish-app:3 taifish_app');
    ok TaiFish::Server::until_true(120, sub {
        updated('app') eq 'rollback_completed' }), 'is taken back'
        or diag updated('app');
}));
like images(), qr/taifish-app:2 3\/3/, 'and the old one serves on';


# --- a node dies, and comes back -------------------------------------------

my $seen = meanwhile('a node dies', sub {
    $two->box('kill');
    my $at = time;
    ok TaiFish::Server::until_true(60, sub {
        $one->must('docker node ls') =~ /${name}2 +Down/
            && services() =~ /app 3\/3/ && services() =~ /worker 3\/3/;
    }), 'the other one has it all';
    my $well = time - $at;
    cmp_ok $well, '<', 30, sprintf 'well again after %.0f s', $well;
});
my $failed = $seen->{requests} - ($seen->{status}{200} || 0);
cmp_ok $failed, '<=', 64, "what was in flight: $failed failed";

$seen = meanwhile('it comes back', sub {
    $two->up($one->root);
    ok TaiFish::Server::until_true(60, sub {
        $one->must('docker node ls') =~ /${name}2 +Ready/ }), 'it is ready';
    $one->must(block('docker service update --force'));
});
no_failure('it comes back', $seen);
ok TaiFish::Server::until_true(60, sub {
    $one->must("docker node ps ${name}2 --filter desired-state=running")
        =~ /taifish_app/ }), 'and has a share again';


# --- the end ---------------------------------------------------------------

$one->must('docker stack rm taifish');
ok TaiFish::Server::until_true(90, sub {
    $one->must('docker ps -q') eq '' && $two->must('docker ps -q') eq ''
}), 'all is gone';
$two->must('docker swarm leave');
$one->must('docker swarm leave --force');
$_->down for $two, $one;

done_testing;
