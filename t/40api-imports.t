# Instances from a file: encodings, separators and titles, what is wrong with
# which row and column, what makes no file at all, who may what, and what a
# long file costs the others.

use lib 't/lib';
use TaiFish;

use Encode ();
use IO::Socket::INET;
use POSIX ();
use Time::HiRes ();
use utf8;

my $tf = TaiFish->new;
$tf->start_nginx;
my $admin = $tf->as('admin');
my $operator = $tf->as('operator');
my $path = '/instances/actions/batch-create';
my %en = ('accept-language' => 'en');

sub form {
    my ($bytes, %opt) = @_;
    my $name = $opt{name} // 'file';
    utf8::encode($bytes) if utf8::is_utf8($bytes) && !$opt{raw};
    return join "\r\n", $opt{before} // (), '--b0undary',
        "Content-Disposition: form-data; name=\"$name\";"
            . Encode::encode('UTF-8', ' filename="实例; name=x.csv"'),
        'Content-Type: text/csv', '', $bytes, $opt{end} // '--b0undary--', '';
}

# Bytes in a form, as a browser sends it.

sub send_file {
    my ($bytes, %opt) = @_;
    return ($opt{as} || $operator)->post($path, form($bytes, %opt),
        { 'content-type' => 'multipart/form-data; boundary=b0undary', %en,
          %{ $opt{headers} || {} } });
}

sub imported {
    my ($text, %opt) = @_;
    my $r = send_file(Encode::encode('UTF-8', $text), %opt);
    return $r->data // die $r->as_string;
}

sub stored { $tf->row("SELECT * FROM instances WHERE name = '$_[0]'") }

sub wrong {
    my ($data) = @_;
    return join ' | ', map {
        "$_->{row} " . ($_->{column} // '-') . " $_->{code}"
    } @{ $data->{row_errors} };
}

# What Encode lacks: GBK, and a character of four bytes.

sub gb18030 {
    return join '', map {
        $_ eq "\x{20bb7}" ? "\x95\x34\xb2\x35" : $_ eq 'é' ? "\xa8\xa6"
            : Encode::encode('GBK', $_) } split //, $_[0];
}

my $titles = "name,db_type,host,port";


# --- encodings and separators ------------------------------------------------

# 𠮷 is four bytes in GB18030, € is not in GBK's first form, é is four.

my $n = 0;
for my $case (
    ['UTF-8', sub { Encode::encode('UTF-8', $_[0]) }],
    ['UTF-8 with a mark', sub { "\xef\xbb\xbf" . Encode::encode('UTF-8', $_[0])
    }],
    ['UTF-16LE', sub { "\xff\xfe" . Encode::encode('UTF-16LE', $_[0]) }],
    ['UTF-16BE', sub { "\xfe\xff" . Encode::encode('UTF-16BE', $_[0]) }],
    ['GB18030', \&gb18030])
{
    for my $sep (',', ';', "\t") {
        for my $eol ("\r\n", "\n", "\r") {
            my $name = '库 ' . ++$n;
            my $text = join $eol,
                join($sep, '实例名称', '数据库类型', '主机地址', '端口', '描述'),
                join($sep, $name, 'MySQL', "db$n.example", 3306,
                     "\"\x{20bb7}é$sep\"\"中\"\"文\""), '';
            my $r = send_file($case->[1]->($text), raw => 1);
            is $r->data && $r->data->{created_count}, 1,
                "$case->[0], " . sprintf('%02x, %s', ord $sep,
                unpack 'H*', $eol) or diag $r->as_string;
            my $row = stored($name);
            is $row->{description}, "\x{20bb7}é$sep\"中\"文",
                'its text is what it was';
        }
    }
}

my $r = send_file("$titles\n\xff\x81\x30,mysql,x,1\n", raw => 1);
is $r->code . $r->json->{extra}{field}, 'VALIDATION_ERRORfile',
    'no encoding at all';
like $r->message, qr/GB18030/, 'which it says';
$r = send_file("\xff\xfen\0a", raw => 1);
is $r->code, 'VALIDATION_ERROR', 'half a character of UTF-16';


# --- titles ------------------------------------------------------------------

my $credential = $admin->post('/credentials', { name => 'monitor',
    credential_type => 'database', db_type => 'mysql', username => 'm',
    password => 'Monitor-pass-1' })->data->{credential}{id};

my $data = imported("sep=;\nPort;HOST;Instance; DB_TYPE ;Credential ID;凭据;"
    . "数据库名\n3307;a.example;any order;mariadb;$credential;x;orders\n");
is $data->{created_count}, 1, 'titles in any order, case and language';
is_deeply $data->{ignored_columns}, ['凭据'], 'an unknown one is named';
my $row = stored('any order');
is join(' ', @$row{qw(port host db_type credential_id database_name
    tls_mode is_active)}), "3307 a.example mysql $credential orders"
    . ' verify-full 1', 'all of it is stored';

for my $case (
    ['', 'has no rows'], ["\n\n,,\n", 'has no rows'],
    [$titles, 'has no rows'], ["$titles\n,,,\n", 'has no rows'],
    ["name,db_type,host\nx,mysql,y\n", 'has no column port'],
    ["$titles,端口\nx,mysql,y,1,1\n", 'has column port more than once'],
    ["$titles\nx,\"mysql,y,1\n", 'has a quote without its end in the row that'
        . ' begins in line 2'],
    ["$titles\nx,\"my\"sql,y,1\n", 'has text behind a quoted field in the row'
        . ' that begins in line 2'],
    ["$titles\nok,mysql,y,1\nx\0y,mysql,y,1\n", 'has a NUL in the row that'
        . ' begins in line 3'],
    [join(',', 1 .. 65), 'has more than 64 columns'],
    ["<html>\n<body>hello</body>\n", 'has no column name'],
    ["PK\x03\x04\0\0", 'has a NUL in the row that begins in line 1'])
{
    my ($bytes, $why) = @$case;
    $r = send_file($bytes);
    is $r->status . ' ' . ($r->json->{extra}{field} // '') . ' '
        . ($r->json->{extra}{detail} // ''), "400 file $why",
        "the file $why";
}
ok !stored('ok'), 'nothing of a bad file is stored';
like send_file($titles, headers => { 'accept-language' => 'zh-CN' })->message,
    qr/没有数据行/, 'in Chinese';


# --- rows --------------------------------------------------------------------

imported("$titles\ntaken,mysql,t.example,3306\n");
$tf->sql("UPDATE instances SET deleted_at = now() WHERE name = 'any order'");
$data = imported(<<"E" . "short,mysql\n");
name,db_type,host,port,credential_id,description,status
good 1,postgresql,g1.example,5432,,"two
lines, ""quoted""",启用
bad port,mysql,p.example,70000,,,
no port,mysql,p.example,,,,
"bad/name",db2,http://x,x,zz,,maybe
taken,mysql,t.example,3306,,,
twice,mysql,t1.example,3306,,,
twice,mysql,t2.example,3306,,,
any order,mysql,t.example,3306,,,
no credential,mysql,t.example,3306,99999999,,
other engine,postgresql,t.example,5432,$credential,,
long,mysql,t.example,3306,,@{['x' x 501]},
more,mysql,t.example,3306,,,,too much
good 2,mysql,2001:db8::1,3306,$credential,=1+1,inactive
E
is $data->{created_count}, 2, 'the good rows are created';
is $data->{total}, 14, 'of all that were read';
is wrong($data), join(' | ', '3 port VALIDATION_ERROR',
    '4 port VALIDATION_ERROR', '5 name VALIDATION_ERROR',
    '5 db_type VALIDATION_ERROR', '5 host VALIDATION_ERROR',
    '5 port VALIDATION_ERROR', '5 credential_id VALIDATION_ERROR',
    '5 status VALIDATION_ERROR', '6 name NAME_EXISTS',
    '7 name VALIDATION_ERROR', '8 name VALIDATION_ERROR',
    '9 name NAME_EXISTS', '10 credential_id RESOURCE_NOT_FOUND',
    '11 credential_id VALIDATION_ERROR', '12 description VALIDATION_ERROR',
    '13 - VALIDATION_ERROR', '15 host VALIDATION_ERROR',
    '15 port VALIDATION_ERROR'),
    'rows as a spreadsheet counts them, columns, codes' or diag explain $data;
is $data->{error_count}, 18, 'how many there are';
is_deeply $data->{duplicate_names}, ['twice'], 'duplicates in the file';
is_deeply $data->{skipped_existing_names}, ['taken', 'any order'],
    'and with what exists, deleted ones too';
is scalar @{ $data->{errors} }, 18, 'as many in words';
is $data->{errors}[0], 'row 3, Port: has to be an integer from 1 to 65535',
    'words';
is stored('good 1')->{description}, "two\nlines, \"quoted\"", 'line feeds stay';
is join(' ', @{ stored('good 2') }{qw(host is_active description
    credential_id)}), "2001:db8::1 0 =1+1 $credential", 'a state';
ok !stored($_), "$_: nothing of a bad row is stored"
    for 'bad port', 'twice', 'no credential', 'long', 'more', 'short';

my $zh = imported("$titles\nx,mysql,y.example,0\n",
                  headers => { 'accept-language' => 'zh-CN' });
is $zh->{errors}[0], '第 2 行，端口：应为 1 到 65535 之间的整数', 'in Chinese';
is $zh->{message}, '成功创建实例：0', 'and in all';

# each bad value is refused with the words of the endpoint for one

my %good = (name => 'one', db_type => 'mysql', host => 'o.example',
            port => '3306');
my @fields = qw(name db_type host port database_name credential_id tls_mode
                tls_ca description);
for my $case ([name => 'a/b'], [name => 'x' x 101], [db_type => 'sybase'],
    [host => '-x'], [host => 'a..b'], [host => '10.0.0.1:3306'],
    [port => '-1'], [port => '1e3'], [database_name => "a\tb"],
    [credential_id => '0'], [tls_mode => 'never'], [tls_ca => 'no PEM'],
    [description => 'y' x 501], [name => ''], [host => ''])
{
    my ($field, $value) = @$case;
    my %row = (%good, $field => $value);
    my $one = $admin->post('/instances', \%row, { %en });
    my $many = imported(join("\n", join(',', @fields), join(',',
        map { my $v = $row{$_} // ''; "\"$v\"" } @fields)), as => $admin);
    is_deeply [@{ $many->{row_errors}[0] }{qw(column code)}],
        [$one->json->{extra}{field}, $one->code],
        "$field '" . substr($value, 0, 20) . "' is refused alike"
        or diag $one->as_string, explain $many;
    is $many->{row_errors}[0]{message}, $one->json->{extra}{detail},
        'in the same words';
}


# --- who may what ------------------------------------------------------------

my $weak = "$titles,tls_mode,tls_ca\nweak,mysql,w.example,1,disable,\n"
    . "ca,mysql,w.example,1,,\"-----BEGIN CERTIFICATE-----\nx\n"
    . "-----END CERTIFICATE-----\"\n";
is wrong(imported($weak)), '2 tls_mode FORBIDDEN | 3 tls_ca FORBIDDEN',
    'weak TLS is not an operator\'s decision';
is imported($weak, as => $admin)->{created_count}, 2, 'but an administrator\'s';
is stored('weak')->{tls_mode}, 'disable', 'which is kept';

for my $role (qw(viewer auditor user)) {
    my $r = send_file("$titles\nnot $role,mysql,n.example,1\n",
                      as => $tf->as($role));
    is $r->code, 'PERMISSION_REQUIRED', "$role: may not";
    is $tf->as($role)->get('/instances/imports/template')->status, 200,
        'but see the template';
}
is send_file("$titles\nno,mysql,n.example,1\n", as => $tf->client)->code,
    'AUTHENTICATION_REQUIRED', 'nobody: may not';
is send_file("$titles\nno,mysql,n.example,1\n",
    headers => { 'x-csrftoken' => undef })->code, 'CSRF_MISSING',
    'not without a token';


# --- forms -------------------------------------------------------------------

my $good = "$titles\nform %d,mysql,f.example,1\n";
is send_file(sprintf($good, 1), before => join "\r\n", 'a preamble',
    '--b0undary', 'Content-Disposition: form-data; name="csrf_token"', '',
    'abc')->data->{created_count}, 1, 'other fields are passed over';
is $operator->post($path, sprintf($good, 2), { 'content-type' => 'text/csv' })
    ->data->{created_count}, 1, 'the file alone';
is $operator->post($path, form(sprintf($good, 3)) =~ s/b0undary/x y/gr,
    { 'content-type' => 'multipart/form-data; charset=x; boundary="x y"' })
    ->data->{created_count}, 1, 'a boundary in quotes';
for my $case (
    ['other name', 'VALIDATION_ERROR', name => 'csv'],
    ['two files', 'VALIDATION_ERROR', end => "--b0undary\r\n"
        . "Content-Disposition: form-data; name=\"file\"; filename=\"b\"\r\n"
        . "\r\nx\r\n--b0undary--"],
    ['no end', 'INVALID_REQUEST', end => 'x'],
    ['JSON', 'UNSUPPORTED_MEDIA_TYPE',
     headers => { 'content-type' => 'application/json' }],
    ['no boundary', 'UNSUPPORTED_MEDIA_TYPE',
     headers => { 'content-type' => 'multipart/form-data' }])
{
    my ($name, $code, %opt) = @$case;
    is send_file(sprintf($good, 4), %opt)->code, $code, "form: $name";
}
is $operator->post($path, undef, {
    'content-type' => 'multipart/form-data; boundary=b0undary' })->code,
    'INVALID_REQUEST', 'no body';
ok !stored('form 4'), 'nothing came of them';


# --- tags --------------------------------------------------------------------

$admin->post('/tags', { name => $_->[0], display_name => $_->[1],
    category => 'env' }) for ['prod', '生产'], ['core', '=核心'],
    ['east-1', '东, 一区'], ['twin-1', '双'], ['twin-2', '双'],
    ['alias-1', 'prod'];

my $tagged = imported("name,db_type,host,port,Tags\n"
    . "t1,mysql,t1.example,3306,prod\n"
    . "t2,mysql,t2.example,3306,\"生产；'=核心，east-1, prod\"\n"
    . "t3,mysql,t3.example,3306,\n"
    . "t4,mysql,t4.example,3306,\"prod, staging, testing\"\n"
    . "t5,mysql,t5.example,3306,双\n"
    . "t6,mysql,t6.example,3306,alias-1;twin-2\n"
    . "t7,mysql,t7.example,3306,;\n");
is $tagged->{created_count}, 4, 'instances with tags' or diag explain $tagged;
is wrong($tagged), '3 tags VALIDATION_ERROR | 5 tags VALIDATION_ERROR'
    . ' | 6 tags VALIDATION_ERROR', 'a tag that does not exist, or is two';

sub tags_of {
    return join ' ', map { $_->{name} } $tf->rows("SELECT t.name
        FROM instances i JOIN instance_tags it ON it.instance_id = i.id
             JOIN tags t ON t.id = it.tag_id
        WHERE i.name = '$_[0]' ORDER BY t.name");
}

$tagged = imported("name,db_type,host,port,标签\n"
    . "t2,mysql,t2.example,3306,\"生产；=核心，east-1, prod\"\n");
is $tagged->{created_count}, 1, 'codes and names, every separator';
is tags_of('t1'), 'prod', 'a code goes before a name';
is tags_of('t2'), 'core east-1 prod', 'each tag once';
is tags_of('t3') . tags_of('t7'), '', 'none';
is tags_of('t6'), 'alias-1 twin-2', 'by code';
ok !stored('t4'), 'a row with a tag of nobody is not created';
is $admin->get('/instances?search=t2')->data->{items}[0]{tags}
    && @{ $admin->get('/instances?search=t2')->data->{items}[0]{tags} }, 3,
    'the list shows them';


# --- what was exported comes back --------------------------------------------

$tf->sql("INSERT INTO instance_tags (instance_id, tag_id)
    SELECT i.id, t.id FROM instances i, tags t
    WHERE i.name LIKE 'x%' AND t.name IN ('prod', 'core')");
my $list = 'SELECT name, db_type, host, port, database_name, description,
                   credential_id, is_active, tags::text AS tags
            FROM instances WHERE deleted_at IS NULL ORDER BY name';
$tf->sql("DELETE FROM instance_tags WHERE tag_id IN
    (SELECT id FROM tags WHERE name IN ('east-1', 'twin-2', 'alias-1'))");
my @before = $tf->rows($list);
cmp_ok scalar @before, '>', 40, scalar(@before) . ' instances';

for my $lang (qw(zh-CN en)) {
    my $csv = $admin->get('/instances/exports',
                          { 'accept-language' => $lang })->body;

    # as a Chinese spreadsheet saves it: GB18030

    my $gb = gb18030(Encode::decode('UTF-8', $csv) =~ s/^\x{feff}//r);

    for my $bytes ($csv, $gb) {
        $tf->sql('DELETE FROM instances WHERE deleted_at IS NULL');
        my $data = send_file($bytes, raw => 1)->data;
        is $data->{created_count}, scalar @before, "$lang: all come back"
            or diag explain $data->{errors};
        is_deeply [$tf->rows($list)], \@before, 'as they were';
        is scalar @{ $data->{ignored_columns} }, 5,
            'what an import does not take is named';
    }
}

$r = $operator->get('/instances/imports/template');
is $r->header('content-type'), 'text/csv; charset=utf-8', 'the template';
like $r->header('content-disposition'),
    qr/filename="instances_import_template\.csv"/, 'its name';
is imported(Encode::decode('UTF-8', $r->body))->{created_count}, 1,
    'the template is a file';
is stored('demo-mysql-01')->{port}, 3306, 'with an instance';


# --- long files --------------------------------------------------------------

sub many {
    my ($from, $to, $more) = @_;
    return "$titles,description\n" . join '', map {
        "many $_,mysql,m$_.example,3306," . ($more // '') . "\n" } $from .. $to;
}

$r = send_file(many(1, 10_001));
is $r->json->{extra}{detail}, 'has more than 10000 rows', '10,001 rows';
is $tf->value("SELECT count(*) FROM instances WHERE name LIKE 'many %'"), 0,
    'nothing of them is stored';
$r = send_file(many(1, 10) . 'x' x (8 * 1024 * 1024));
is $r->status . ' ' . $r->code, '413 BODY_TOO_LARGE', 'more than 8 MB';
is send_file("$titles,description\nhuge,mysql,h.example,1,"
    . 'x' x (6 * 1024 * 1024))->data->{row_errors}[0]{column}, 'description',
    'a huge cell';

# While 10,000 rows are read and stored, others are answered.

my $pid = fork() // die;
if (!$pid) {
    my $as = $tf->as('operator');
    my $r = send_file(many(1, 10_000, 'z' x 300), as => $as);
    POSIX::_exit($r->data && $r->data->{created_count} == 10_000 ? 0 : 1);
}
my ($worst, $asked) = (0, 0);
my $began = Time::HiRes::time();
while (waitpid($pid, POSIX::WNOHANG()) == 0) {
    my $at = Time::HiRes::time();
    $r = $admin->get('/tags/options');
    my $took = Time::HiRes::time() - $at;
    $worst = $took if $took > $worst;
    $asked++ if $r->status == 200;
}
is $?, 0, '10,000 rows are created';
note sprintf '10,000 rows in %.2f s; %d other requests, the slowest %.0f ms',
    Time::HiRes::time() - $began, $asked, $worst * 1000;
cmp_ok $asked, '>', 20, 'others were answered in between';
is $tf->value("SELECT count(*) FROM instances WHERE name LIKE 'many %'"),
    10_000, 'all of them';
$data = send_file(many(1, 10_000))->data;
is $data->{created_count}, 0, 'and none twice';
is $data->{error_count}, 10_000, 'each is said';
is scalar @{ $data->{row_errors} }, 1000, 'the first thousand in full';
is scalar @{ $data->{skipped_existing_names} }, 10_000, 'the names all';

# A client that leaves in the middle takes nothing down with it.

for (1 .. 30) {
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $tf->port) or die;
    my $body = many(20_000, 24_000);
    print $s "POST /api/v1$path HTTP/1.1\r\nHost: x\r\nX-CSRFToken: "
        . $operator->csrf . "\r\nContent-Type: text/csv\r\nCookie: "
        . join('; ', map { "$_=$operator->{cookies}{$_}" }
               sort keys %{ $operator->{cookies} })
        . "\r\nContent-Length: " . length($body) . "\r\n\r\n"
        . substr $body, 0, $_ % 3 ? length $body : 1000;
    select undef, undef, undef, 0.003 * $_;
    close $s;
}
my $count;
TaiFish::Server::until_true(20, sub {
    my $now = $tf->value("SELECT count(*) FROM instances
                          WHERE name LIKE 'many 2____'");
    my $same = defined $count && $now == $count
        && !$tf->value("SELECT count(*) FROM pg_stat_activity
                        WHERE application_name LIKE 'taifish-nginx%'
                              AND state = 'active'");
    $count = $now;
    return $same;
});
ok $count == 0 || $count == 4001, 'all rows of a file or none: ' . $count;
is $admin->get('/tags/options')->status, 200, 'nginx is as before';

done_testing;
