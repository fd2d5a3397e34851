# Lists as files: what stands in them, the list's own filters, hostile names,
# clients that are slow or leave, and what a long file costs nginx.

use lib 't/lib';
use TaiFish;
use TaiFish::Seed;

use IO::Socket::INET;
use Time::HiRes ();
use utf8;

my $rows = $ENV{TAIFISH_PROOF} ? 1_000_000 : 100_000;
my $tf = TaiFish->new(pg => { shared_buffers => '256MB' });
$tf->start_nginx;
my $admin = $tf->as('admin');
my $viewer = $tf->as('viewer');
my %zh = ('accept-language' => 'zh-CN');
my %en = ('accept-language' => 'en');

# Rows of a CSV text as RFC 4180 has them.  It is cut into bytes in one match:
# Perl copies all of a text for each match of its own.

sub csv {
    my ($text) = @_;
    my (@rows, @row);

    $text =~ s/\A\xef\xbb\xbf// or fail 'a byte order mark';
    my @parts = $text =~ /\G(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gc;
    die 'bad CSV at: ' . substr $text, pos($text) // 0, 80
        if (pos($text) // 0) != length $text;

    while (my ($quoted, $plain, $end) = splice @parts, 0, 3) {
        utf8::decode(my $value = defined $quoted ? $quoted =~ s/""/"/gr
                                                 : $plain);
        push @row, $value;
        next if $end eq ',';
        push @rows, [@row];
        @row = ();
    }
    return @rows;
}

sub lines { map { JSON::PP->new->utf8->decode($_) } split /\n/, $_[0] }

# The sheets of an XLSX answer, by a reader that is not ours.

sub sheets {
    my ($body) = @_;
    my $path = "$tf->{dir}/read.xlsx";

    open my $out, '>:raw', $path or die "$path: $!";
    print $out $body;
    close $out;
    my ($code, $said) = TaiFish::Server::run_to_end('/usr/bin/python3',
        ["$TaiFish::ROOT/t/lib/read_xlsx.py", $path], {});
    is $code, 0, 'a spreadsheet can read it' or diag $said;
    return @{ JSON::PP->new->utf8->decode($said) };
}

# What stands in the cells of its only sheet.

sub xlsx {
    my ($r) = @_;
    my ($rows) = sheets($r->body);
    return map { [map { $_ && $_->[1] } @$_] } @$rows;
}

sub made {
    my ($path, $body, $key) = @_;
    my $r = $admin->post($path, $body);
    return $r->data->{$key} // die "$path: " . $r->as_string;
}


# --- instances ---------------------------------------------------------------

my $r = $viewer->get('/instances/exports', { %zh });
is $r->status, 200, 'a fleet of none is a file';
is_deeply [csv($r->body)], [[qw(ID 实例名称 数据库类型 主机地址 端口 数据库名
    标签 状态 描述 凭据ID 同步次数 最后连接时间 创建时间 更新时间)]],
    'with its titles';
is $r->header('content-type'), 'text/csv; charset=utf-8', 'its type';
like $r->header('content-disposition'),
    qr/^attachment; filename="instances_export_\d{8}_\d{6}\.csv"$/,
    'its name';
is $r->header('cache-control'), 'no-store', 'nobody keeps it';
is $r->header('x-content-type-options'), 'nosniff', 'nobody guesses its type';
is $viewer->get('/instances/exports?format=jsonl')->body, '',
    'as lines: none';
is scalar(xlsx($viewer->get('/instances/exports?format=xlsx'))), 1,
    'as a spreadsheet: its titles';

made('/tags', { name => 'prod', display_name => '生产, "A"',
                category => 'env' }, 'tag');
made('/tags', { name => 'core', display_name => '=核心', category => 'env' },
     'tag');
my $credential = made('/credentials', { name => 'monitor',
    credential_type => 'database', db_type => 'mysql', username => 'm',
    password => 'Monitor-pass-1' }, 'credential');
my @hostile = ("=cmd|' /C calc'!A0", ' @SUM(1)', "＝1+1", "a,b;c\td",
    "line\r\nline", "quote \"inside\"", "🐟 \x{202e}txt", '-1', "'", "'=1",
    'a_x000D_b', "<&>\x{fffe}", '1e5', ' ' . 'x' x 400);

for my $i (0 .. $#hostile) {
    made('/instances', { name => "db $i", db_type => 'mysql',
        host => "db$i.example", port => 3306 + $i,
        database_name => $i ? undef : 'orders',
        credential_id => $i ? undef : $credential->{id},
        tag_names => $i ? [] : [qw(prod core)],
        description => $hostile[$i], is_active => $i % 2 ? \0 : \1 },
        'instance');
}

my ($titles, @csv) = csv($viewer->get('/instances/exports', { %en })->body);
is_deeply $titles, ['ID', 'Instance', 'Database type', 'Host', 'Port',
    'Database', 'Tags', 'Status', 'Description', 'Credential ID', 'Syncs',
    'Last connected', 'Created', 'Updated'], 'titles in English';
is scalar @csv, scalar @hostile, 'a row for each';
is_deeply [@{ $csv[0] }[1 .. 10]], ['db 0', 'mysql', 'db0.example', 3306,
    'orders', "'=核心, 生产, \"A\"", 'active', "'" . $hostile[0],
    $credential->{id}, 0], 'what stands in one';
is $csv[0][11], '', 'unknown is empty';
like $csv[0][12], qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'times are RFC 3339';
is $csv[1][7], 'inactive', 'a state in words';

for my $i (0 .. $#hostile) {
    my $text = $hostile[$i] =~ s/^ +//r;
    is $csv[$i][8], ($text =~ /^'*[=+\@＝-]/ ? "'" : '') . $text,
        "no formula of description $i";
}

my @lines = lines($viewer->get('/instances/exports?format=jsonl')->body);
is scalar @lines, scalar @hostile, 'a line for each';
is_deeply [map { $_->{description} } @lines],
    [map { s/^ +//r } @hostile], 'values as they are';
is_deeply $lines[0]{tags}, ['=核心', '生产, "A"'], 'a list is a list';
is $lines[0]{last_connected}, undef, 'unknown is null';
is $viewer->get('/instances/exports?format=jsonl')->header('content-type'),
    'application/x-ndjson; charset=utf-8', 'the type of lines';
like $viewer->get('/instances/exports?format=jsonl')
    ->header('content-disposition'), qr/\.jsonl"$/, 'their name';

# A spreadsheet has texts, numbers and times, and nothing that it would run.

$r = $viewer->get('/instances/exports?format=xlsx', { %en });
is $r->header('content-type'), 'application/vnd.openxmlformats-'
    . 'officedocument.spreadsheetml.sheet', 'the type of a spreadsheet';
like $r->header('content-disposition'), qr/\.xlsx"$/, 'its name';
is $r->header('content-length'), length $r->body, 'its length is known';
my ($sheet) = sheets($r->body);
is_deeply [map { $_->[1] } @{ $sheet->[0] }], $titles, 'titles';
is_deeply [map { $_ && "$_->[0] $_->[1]" } @{ $sheet->[1] }[1 .. 10]],
    ['s db 0', 's mysql', 's db0.example', 'n 3306', 's orders',
     's =核心, 生产, "A"', 's active', "s $hostile[0]",
     "n $credential->{id}", 'n 0'], 'what stands in one';
is $sheet->[1][11], undef, 'unknown is empty';
is $sheet->[1][12][0], 'd', 'a time is a time';
is $sheet->[1][12][1] . 'Z', $csv[0][12], '... the same as in CSV';
is $sheet->[1][12][2], 'yyyy-mm-dd"T"hh:mm:ss"Z"', '... and shown so';

for my $i (0 .. $#hostile) {
    my $cell = $sheet->[$i + 1][8];
    my $text = $hostile[$i] =~ s/^ +//r;
    $text =~ tr/\x{fffe}/\x{fffd}/;
    $cell->[1] =~ s/_x([0-9A-F]{4})_/chr hex $1/ge;     # as Excel reads it
    is_deeply [@$cell[0, 1]], ['s', $text], "description $i is a text";
}
unlike join('', map { $_->{description} } @lines), qr/_x005F_/,
    'no escape stands in what programs read';
is $viewer->head('/instances/exports?format=xlsx')->header('content-type'),
    $r->header('content-type'), 'HEAD';

# The library's own files and ours have no names.

is_deeply [glob "$tf->{dir}/exports/*"], [], 'no file stays';

$admin->delete("/instances/$lines[3]{id}");
is scalar(lines($viewer->get('/instances/exports?format=jsonl')->body)),
    $#hostile, 'a deleted one is not there';
my ($gone) = grep { $_->[1] eq 'db 3' } csv($viewer->get(
    '/instances/exports?include_deleted=true', { %zh })->body);
is $gone->[7], '已删除', 'unless it is asked for';


# --- refusals ----------------------------------------------------------------

for my $path (qw(/instances/exports /accounts/ledgers/exports
                 /account-change-logs/exports))
{
    is $tf->client->get($path)->code, 'AUTHENTICATION_REQUIRED',
        "$path: signed in only";
    my $r = $viewer->get("$path?format=pdf");
    is $r->code . ' ' . $r->json->{extra}{field}, 'VALIDATION_ERROR format',
        "$path: an unknown format";
    is $viewer->get("$path?db_type=db2")->status, 400, "$path: a bad filter";
    $r = $viewer->head($path);
    is $r->status . ($r->body // ''), '200', "$path: HEAD";
}


# --- accounts and changes: the list's own filters ----------------------------

TaiFish::Seed::fleet($tf, accounts => $rows, instances => 500);

sub total {
    my ($path) = @_;
    return $viewer->get($path)->data->{total};
}

# The ids of a list, page by page.

sub listed {
    my ($path, $query) = @_;
    my (@ids, $next);
    do {
        my $data = $viewer->get("$path?limit=200&sort=id&order=asc&$query"
            . ($next ? "&after=$next" : ''))->data;
        push @ids, map { $_->{id} } @{ $data->{items} };
        $next = $data->{next};
    } while ($next);
    return @ids;
}

for my $case (
    ['/accounts/ledgers', 'instance_id=20', 'is_superuser=true&db_type=mysql',
     'is_locked=true&plugin=mysql_native_password', 'search=o%27brien',
     'search=%3D1%2B1', 'tags=seed-3&is_superuser=true', 'search=xyzzyx',
     'instance_id=20&include_deleted=true&include_roles=true',
     'ad_status=normal', 'db_type=all&instance_id=21', 'owner_id=22',
     'classification=none'],
    ['/account-change-logs', 'instance_id=20', 'change_type=drop&instance_id=9',
     'is_elevation=true&instance_id=30', 'search=gateway_prod_777',
     'hours=1', 'status=failed'],
    ['/instances', 'db_type=mysql', 'search=crm', 'status=inactive',
     'tags=seed-3', 'include_deleted=true', 'audit_status=enabled'])
{
    my ($path, @filters) = @$case;
    for my $filter (@filters) {
        my @want = listed($path, $filter);
        my @got = map { $_->{id} } lines($viewer->get(
            "$path/exports?format=jsonl&$filter")->body);
        is_deeply \@got, \@want, "$path?$filter: " . @want . ' rows';
        my (undef, @csv) = csv($viewer->get("$path/exports?$filter")->body);
        is scalar @csv, scalar @want, 'as many as CSV';
        next if $filter ne $filters[0];
        my (undef, @xlsx) = xlsx($viewer->get(
            "$path/exports?format=xlsx&$filter"));
        is scalar @xlsx, scalar @want, 'as many as XLSX';
    }
}

($titles, @csv) = csv($viewer->get(
    '/accounts/ledgers/exports?instance_id=20&is_locked=true',
    { %zh })->body);
is_deeply $titles, [qw(名称 实例名称 IP地址 标签 数据库类型 分类 锁定状态
    AD状态)], 'the titles of accounts';
like join('|', @{ $csv[0] }[2 .. 7]),
    qr/^10\.\S+\|标签[^|]*\|(?:MYSQL|POSTGRESQL)\|未分类\|已锁定\|未知$/,
    'and one of them';
($titles, @csv) = csv($viewer->get(
    '/account-change-logs/exports?instance_id=20', { %zh })->body);
is_deeply $titles, [qw(ID 变更时间 名称 实例名称 IP地址 数据库类型 变更类型
    提权 状态 变更摘要)], 'the titles of changes';


# --- what a long file costs --------------------------------------------------

sub rss {
    my $kib = 0;
    $kib += TaiFish::rss($_) for $tf->nginx_workers;
    return $kib;
}

sub backends {
    my ($where) = @_;
    return $tf->value("SELECT count(*) FROM pg_stat_activity
        WHERE application_name LIKE 'taifish-nginx%' AND $where");
}

# A client that asks and reads as it likes.

sub ask {
    my ($path, $buffer) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $tf->port) or die "connect: $!";
    setsockopt $s, IO::Socket::SOL_SOCKET(), IO::Socket::SO_RCVBUF(), $buffer
        if $buffer;
    my $cookies = join '; ', map { "$_=$viewer->{cookies}{$_}" }
        sort keys %{ $viewer->{cookies} };
    print $s "GET /api/v1$path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        . "Cookie: $cookies\r\n\r\n";
    return $s;
}

$viewer->get('/accounts/ledgers/exports?instance_id=20') for 1 .. 20;
my $before = rss();
my $most = 0;
my $seen = 0;
my $tail = '';
my $client = ask('/accounts/ledgers/exports?include_deleted=true'
                 . '&include_roles=true');
my $started = Time::HiRes::time();

while (sysread $client, my $piece, 65536) {
    my $n = $piece =~ tr/\n//;
    $most = rss() if int(($seen + $n) / 10000) > int($seen / 10000)
        && rss() > $most;
    $seen += $n;
    $tail = substr $tail . $piece, -20;
    last if $tail =~ /\r\n0\r\n\r\n\z/;
}
close $client;
my $took = Time::HiRes::time() - $started;
note sprintf '%d lines in %.1f s, nginx %d KiB before, %d at most', $seen,
    $took, $before, $most;
cmp_ok $seen, '>', $rows * 0.99, 'all rows came';
cmp_ok $most - $before, '<', 20 * 1024,
    'nginx did not grow by 20 MB for ' . $rows . ' rows';

# A slow reader has nothing of the pool while it does not read.

$before = rss();
my @slow = map { ask('/accounts/ledgers/exports', 4096) } 1 .. 10;
ok TaiFish::Server::until_true(30, sub {
    my $reading = grep { my $bits = ''; vec($bits, fileno $_, 1) = 1;
                         select $bits, undef, undef, 0 } @slow;
    $reading == 10 && backends("state <> 'idle'") == 0;
}), 'ten readers that stopped: no statement runs';
is backends("state LIKE 'idle in transaction%'"), 0, 'no transaction is open';
is $viewer->get('/tags/options')->status, 200, 'the fast lane is free';
is $viewer->get('/account-change-logs/statistics')->status, 200,
    'so is the slow one';
cmp_ok rss() - $before, '<', 20 * 1024, 'they cost little';
sysread $slow[0], my $piece, 1024;
like $piece, qr/^HTTP\/1\.1 200 /, 'they are being answered';

# A client that leaves takes its export with it.

close $_ for @slow;
my $left = ask('/accounts/ledgers/exports?search=xyzzyx&format=jsonl');
close $left;
ok TaiFish::Server::until_true(20, sub {
    backends("state <> 'idle'") == 0
        && $admin->get('/api/v1/health/detailed')->body
           =~ /"waiting":0.*"in_flight":0|"in_flight":0.*"waiting":0/s;
}), 'clients that leave: nothing is left';

for (1 .. 100) {
    my $client = ask('/accounts/ledgers/exports');
    select undef, undef, undef, 0.001 * ($_ % 7);
    close $client;
}
$r = $viewer->get('/accounts/ledgers/exports?instance_id=20');
is $r->status, 200, 'left a hundred times: there is still a place';


# --- a spreadsheet is made beside the event loop ------------------------------

# Ticks of the CPU of nginx's event loops and of their other threads.

sub ticks {
    my ($loops, $threads) = (0, 0);
    for my $pid ($tf->nginx_workers) {
        for my $file (glob "/proc/$pid/task/*/stat") {
            my @stat = split ' ', TaiFish::slurp($file) =~ s/.*\) //sr;
            ($file =~ m{/task/$pid/} ? $loops : $threads)
                += $stat[11] + $stat[12];
        }
    }
    return ($loops, $threads);
}

# Whether a file is being made: it has no name, but it is open.

sub making {
    return scalar grep { (readlink($_) // '') =~ /export\..* \(deleted\)$/ }
        map { glob "/proc/$_/fd/*" } $tf->nginx_workers;
}

my @before = ticks();
$before = rss();
$most = 0;
$client = ask('/accounts/ledgers/exports?format=xlsx');
my $answer = '';

while (1) {
    my $bits = '';
    vec($bits, fileno $client, 1) = 1;
    last if select $bits, undef, undef, 0.05;
    $most = rss() if rss() > $most;
}
$answer .= $_ while sysread $client, $_, 65536;

sub body {
    my ($text) = @_;
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    my ($length) = $head =~ /^content-length: (\d+)/im;
    return defined $length && length $body == $length ? $body : undef;
}

my @after = ticks();
cmp_ok $after[1] - $before[1], '>', $after[0] - $before[0],
    'most of the work is a thread\'s';
cmp_ok $most - $before, '<', 20 * 1024, 'and nginx did not grow by 20 MB';
my ($long) = sheets(body($answer));
$long = @$long if ref $long;
is $long, 1 + total('/accounts/ledgers?limit=1'), 'all rows are in it';
is making(), 0, 'its file is gone';

# A client that leaves.

for (1 .. 2) {
    $client = ask('/accounts/ledgers/exports?format=xlsx');
    ok TaiFish::Server::until_true(20, \&making), 'a file is being made';
    close $client;
    ok TaiFish::Server::until_true(20, sub { !making() }),
        'a client that leaves takes it away';
}

# A disk that is full, and a directory that cannot be used.

SKIP: {
    my $dir = "$tf->{dir}/exports";
    skip 'mounting is for root', 3 if $>
        || system("mount -t tmpfs -o size=256k,mode=1777 t $dir 2>/dev/null");
    $tf->allow(qr/an export was cut|export could not be written/);
    my $r = $viewer->get('/accounts/ledgers/exports?format=xlsx');
    is $r->status . ' ' . $r->code, '500 INTERNAL_ERROR', 'a full disk';
    is $viewer->get('/accounts/ledgers/exports?format=xlsx&instance_id=20')
        ->status, 200, 'what has room goes on';
    is making(), 0, 'nothing is left of it';
    system("umount $dir") == 0 or diag 'umount';
}

chmod 0500, "$tf->{dir}/exports";
$tf->allow(qr/no file for an export/);
is $viewer->get('/instances/exports?format=xlsx')->status, 500,
    'a directory that may not be written';
chmod 0700, "$tf->{dir}/exports";


# --- a statement fails in the middle -----------------------------------------

$tf->allow(qr/an export was cut/);

for my $format (qw(csv jsonl)) {
    $client = ask("/accounts/ledgers/exports?format=$format", 4096);
    sysread $client, my $text, 1024;
    $tf->sql('REVOKE SELECT ON accounts FROM taifish_api');
    $text .= $_ while sysread $client, $_, 65536;
    $tf->sql('GRANT SELECT ON accounts TO taifish_api');
    like $text, qr/^HTTP\/1\.1 200 .*\r\n\r\n.{1000}/s, "$format has begun";
    unlike $text, qr/\r\n0\r\n\r\n\z/, '... and never says that it is whole';
}

$client = ask('/accounts/ledgers/exports?format=xlsx');
ok TaiFish::Server::until_true(20, \&making), 'a spreadsheet is being made';
$tf->sql('REVOKE SELECT ON accounts FROM taifish_api');
$answer = '';
$answer .= $_ while sysread $client, $_, 65536;
$tf->sql('GRANT SELECT ON accounts TO taifish_api');
like $answer, qr/^HTTP\/1\.1 5\d\d .*"success":false/s,
    'its answer is an error, not a part of it';
ok TaiFish::Server::until_true(20, sub { !making() }), 'and the file is gone';


# --- PostgreSQL goes away in the middle --------------------------------------

$client = ask('/accounts/ledgers/exports');
sysread $client, $piece, 1024;
$tf->pg->stop;
my $text = $piece;
$text .= $piece while sysread $client, $piece, 65536;
unlike $text, qr/\r\n0\r\n\r\n\z/,
    'a file that is cut has no end, so the client knows';

done_testing;
