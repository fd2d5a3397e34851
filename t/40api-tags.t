# Tags: the showcase of rows and statements.  Lists, edits, bulk work, and
# every refusal with its code and field.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

my $tf = TaiFish->new;
$tf->start_nginx;

my %as = map { $_ => $tf->as($_) } qw(admin operator user viewer auditor);
my $api = $as{operator};

sub tag {
    my ($name, %more) = @_;
    return { name => $name, display_name => "T $name", category => 'env',
             %more };
}


# --- one tag ---------------------------------------------------------------

my $r = $api->post('/tags', tag('prod', display_name => '生产 🐟'));
is $r->status, 201, 'created' or diag $r->as_string;
is_deeply [sort keys %{ $r->data }], ['tag'], 'as data.tag';
my $prod = $r->data->{tag};
is_deeply [@$prod{qw(name display_name category)}],
    ['prod', '生产 🐟', 'env'], 'what was sent';
ok $prod->{is_active}, 'active unless said otherwise';
like $prod->{created_at}, qr/^\d{4}-\d\d-\d\dT.*Z$/, 'time with its zone';

is_deeply $api->get("/tags/$prod->{id}")->data->{tag}, $prod, 'read back';

$r = $api->put("/tags/$prod->{id}",
               tag('prod-2', category => 'other', is_active => \0));
is $r->status, 200, 'changed' or diag $r->as_string;
is_deeply [@{ $r->data->{tag} }{qw(name category is_active)}],
    ['prod-2', 'other', JSON::PP::false], 'all of it';
$r = $api->put("/tags/$prod->{id}", tag('prod'));
ok !$r->data->{tag}{is_active}, 'is_active left out stays';
$api->put("/tags/$prod->{id}", tag('prod', is_active => \1));

refused $api->get('/tags/999'), 404, 'RESOURCE_NOT_FOUND', undef, 'no such tag';
refused $api->put('/tags/999', tag('x')), 404, 'RESOURCE_NOT_FOUND', undef,
    'nor to change';
refused $api->delete('/tags/999'), 404, 'RESOURCE_NOT_FOUND', undef,
    'nor to delete';
refused $api->get('/tags/x'), 404, 'RESOURCE_NOT_FOUND', undef,
    'an id is a number';
refused $api->post('/tags', tag('prod')), 400, 'NAME_EXISTS', 'name',
    'a name is used once';
refused $api->patch("/tags/$prod->{id}", {}), 405, 'METHOD_NOT_ALLOWED',
    undef, 'no such method';


# --- bad input -------------------------------------------------------------

for (['name', undef], ['name', ''], ['name', '   '], ['name', 'a b'],
     ['name', "a\nb"], ['name', "a'b"], ['name', 'x' x 51], ['name', 7],
     ['name', []], ['name', '名'], ['display_name', undef],
     ['display_name', 'x' x 101], ['display_name', "a\0b"],
     ['display_name', "a\tb"], ['display_name', {}], ['category', undef],
     ['category', ''], ['category', 'x' x 51], ['is_active', 'maybe'],
     ['is_active', []])
{
    my ($field, $value) = @$_;
    my $text = JSON::PP->new->allow_nonref->ascii->encode($value);
    refused $api->post('/tags', tag('bad', $field => $value)), 400,
        'VALIDATION_ERROR', $field, "create: $field $text";
    refused $api->put("/tags/$prod->{id}", tag('bad', $field => $value)), 400,
        'VALIDATION_ERROR', $field, "change: $field $text";
}

refused $api->post('/tags', '{"name":'), 400, 'INVALID_REQUEST', undef,
    'half a document';
refused $api->post('/tags', '[]'), 400, 'INVALID_REQUEST', undef,
    'not an object';
refused $api->post('/tags', tag('x', display_name => 'x' x (1 << 20))), 413,
    'BODY_TOO_LARGE', undef, 'more than a megabyte';

for (['page', 'x'], ['page', '1e3'], ['limit', 'x'],
     ['sort', 'color'], ['sort', 'id;--'], ['order', 'up'],
     ['status', 'maybe'], ['search', 'x' x 101], ['category', 'x' x 51])
{
    refused $api->get("/tags?$_->[0]=$_->[1]"), 400, 'VALIDATION_ERROR',
        $_->[0], "list: $_->[0]=" . substr $_->[1], 0, 10;
}


# --- lists -----------------------------------------------------------------

$tf->sql("INSERT INTO tags (name, display_name, category, is_active)
          SELECT 'n' || lpad(i::text, 3, '0'), 'L' || i,
                 CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END, i <= 40
          FROM generate_series(1, 45) i");

$r = $api->get('/tags');
is $r->status, 200, 'list' or diag $r->as_string;
my $d = $r->data;
is_deeply [@$d{qw(total page pages limit)}], [46, 1, 3, 20], 'paging';
is_deeply $d->{stats}, { total => 46, active => 41, inactive => 5,
                         category_count => 3 }, 'stats';
is_deeply [sort keys %{ $d->{items}[0] }],
    [qw(category created_at display_name id instance_count is_active name
        updated_at)], 'keys of an item';
is scalar @{ $d->{items} }, 20, 'a page of items';

is scalar @{ $api->get('/tags?page=3')->data->{items} }, 6, 'the last page';
$d = $api->get('/tags?page=9&limit=200')->data;
is_deeply [$d->{items}, $d->{total}], [[], 46], 'beyond the end';

my @all = @{ $api->get('/tags?limit=200&sort=name&order=desc')->data->{items} };
is_deeply [map $_->{name}, @all], [reverse sort map $_->{name}, @all],
    'sorted backwards';
my (@seen, %twice);
for my $page (1 .. 5) {
    push @seen, map $_->{id}, @{ $api->get(
        "/tags?page=$page&limit=10&sort=category")->data->{items} };
}
$twice{$_}++ for @seen;
is_deeply [scalar @seen, scalar keys %twice], [46, 46],
    'pages of equal sort values neither repeat nor lose a row';

sub names { [sort map $_->{name}, @{ $api->get($_[0])->data->{items} }] }

is $api->get('/tags?status=inactive')->data->{total}, 5, 'by state';
is $api->get('/tags?status=')->data->{total}, 46, 'an empty filter is none';
is $api->get('/tags?category=odd&status=active')->data->{total}, 20,
    'filters add up';
is_deeply names('/tags?search=N00'), [map "n00$_", 1 .. 9],
    'search ignores case';
is_deeply names('/tags?search=t+PROD'), ['prod'], 'in the label too';
$api->post('/tags', tag('a_b', display_name => '50%'));
is_deeply names('/tags?search=_'), ['a_b'], 'no wildcard _';
is_deeply names('/tags?search=%25'), ['a_b'], 'no wildcard %';
is_deeply names('/tags?search=%27%3B--'), [], 'a quote is a character';
is_deeply names('/tags?search=%5C'), [], 'so is a backslash';


# --- options, bulk ---------------------------------------------------------

$d = $api->get('/tags/options?category=odd')->data;
is_deeply [$d->{category}, scalar @{ $d->{tags} }], ['odd', 20], 'options';
is $api->get('/tags/options')->data->{category}, undef, 'of all categories';
is_deeply $api->get('/tags/categories')->data->{categories},
    [qw(env even odd)], 'categories';
$d = $api->get('/tags/bulk/tags')->data;
is_deeply [scalar @{ $d->{tags} }, $d->{category_names}],
    [47, { map { $_ => $_ } qw(env even odd) }], 'all tags';

$tf->sql("INSERT INTO instances (name, db_type, host, port, deleted_at)
          VALUES ('i1', 'mysql', 'h', 3306, NULL),
                 ('i2', 'postgresql', 'h', 5432, NULL),
                 ('i3', 'mysql', 'h', 3306, now())");
my ($i1, $i2, $i3) = map $_->{id}, $tf->rows('SELECT id FROM instances
                                              ORDER BY name');
my ($t1, $t2, $t3) = map $_->{id}, $tf->rows('SELECT id FROM tags
                                              ORDER BY id LIMIT 3');

$d = $api->get('/tags/bulk/instances')->data;
is_deeply [map $_->{name}, @{ $d->{instances} }], ['i1', 'i2'],
    'instances but the deleted';

$r = $api->post('/tags/bulk/actions/assign',
    { instance_ids => [$i1, $i2, $i3, 9999], tag_ids => [$t1, $t2, 9999] });
is $r->status, 200, 'assign' or diag $r->as_string;
is_deeply $r->data, { assigned_count => 4,
    instance_ids => [$i1, $i2, $i3, 9999], tag_ids => [$t1, $t2, 9999] },
    'what is there gets tags';
is $api->post('/tags/bulk/actions/assign',
    { instance_ids => [$i1], tag_ids => [$t1] })->data->{assigned_count}, 0,
    'once is enough';
$d = $api->post('/tags/bulk/instance-tags', { instance_ids => [$i1, $i2] })
    ->data;
is_deeply [[sort map $_->{id}, @{ $d->{tags} }], $d->{instance_ids}],
    [[$t1, $t2], [$i1, $i2]], 'tags of instances';
is $api->get('/tags?search=prod')->data->{items}[0]{instance_count}, 2,
    'instance_count';

refused $api->delete("/tags/$t1"), 409, 'TAG_IN_USE', 'id', 'in use';
$r = $api->post('/tags/batch-delete', { tag_ids => [$t1, $t3, 9999, $t3] });
is_deeply $r->data->{results},
    [{ tag_id => $t1, status => 'in_use', instance_count => 2 },
     { tag_id => $t3, status => 'deleted', instance_count => 0 },
     { tag_id => 9999, status => 'error', instance_count => 0 }],
    'of a batch only the unused go' or diag $r->as_string;

# What an instance shows of its tags is what the tags are, also when somebody
# changes one in another time zone.

sub shown {
    my ($i) = @_;
    my ($of) = grep { $_->{id} == $t2 }
        @{ $api->get("/instances/$i")->data->{instance}{tags} };
    my $tag = $api->get("/tags/$t2")->data->{tag};
    is_deeply $of, { map { $_ => $tag->{$_} } qw(id name display_name category
        is_active created_at updated_at) }, $_[1];
}

shown($i1, 'an instance shows its tag whole');
$api->put("/tags/$t2", tag('edited', display_name => 'Edited'));
shown($i1, 'a tag that was edited');
$tf->sql("SET timezone = 'Asia/Shanghai';
          UPDATE tags SET is_active = false, updated_at = now()
          WHERE id = $t2");
shown($i1, 'a tag that was edited elsewhere');

is $api->post('/tags/bulk/actions/remove',
    { instance_ids => [$i1, $i2], tag_ids => [$t2] })->data->{removed_count},
    2, 'remove';
$tf->sql("INSERT INTO instance_tags VALUES ($i3, $t1)");
is $api->post('/tags/bulk/actions/remove-all',
    { instance_ids => [$i1, $i2] })->data->{removed_count}, 2, 'remove all';
is_deeply $api->delete("/tags/$t1")->data, { tag_id => $t1 },
    'what only a deleted instance carries can go';
is $tf->value('SELECT count(*) FROM instance_tags'), 0, 'with its links';

for my $path (qw(assign remove)) {
    refused $api->post("/tags/bulk/actions/$path",
        { instance_ids => [9999], tag_ids => [$t2] }), 404,
        'RESOURCE_NOT_FOUND', 'instance_ids', "$path: no such instances";
    refused $api->post("/tags/bulk/actions/$path",
        { instance_ids => [$i1], tag_ids => [9999] }), 404,
        'RESOURCE_NOT_FOUND', 'tag_ids', "$path: no such tags";
    refused $api->post("/tags/bulk/actions/$path", { tag_ids => [1] }), 400,
        'VALIDATION_ERROR', 'instance_ids', "$path: instance_ids missing";
    refused $api->post("/tags/bulk/actions/$path", { instance_ids => [1] }),
        400, 'VALIDATION_ERROR', 'tag_ids', "$path: tag_ids missing";
}
refused $api->post('/tags/bulk/actions/remove-all', { instance_ids => [$i3] }),
    404, 'RESOURCE_NOT_FOUND', 'instance_ids', 'remove-all: a deleted one';
refused $api->post('/tags/bulk/instance-tags', { instance_ids => [] }),
    400, 'VALIDATION_ERROR', 'instance_ids', 'instance-tags: none';
for my $bad (['x'], [1.5], [{}], 'x', {}, [1 .. 1001], ['9' x 30]) {
    refused $api->post('/tags/batch-delete', { tag_ids => $bad }), 400,
        'VALIDATION_ERROR', 'tag_ids', 'tag_ids are integers';
}


# --- roles -----------------------------------------------------------------

for my $role (qw(viewer auditor)) {
    is $as{$role}->get('/tags')->status, 200, "$role reads";
    is $as{$role}->post('/tags/bulk/instance-tags', { instance_ids => [$i1] })
        ->status, 200, "$role asks";
    refused $as{$role}->post('/tags', tag('x')), 403, 'PERMISSION_REQUIRED',
        undef, "$role creates nothing";
    refused $as{$role}->delete("/tags/$t2"), 403, 'PERMISSION_REQUIRED',
        undef, "$role deletes nothing";
}
refused $tf->client->get('/tags'), 401, 'AUTHENTICATION_REQUIRED', undef,
    'nobody reads nothing';
refused $api->post('/tags', tag('x'), { 'x-csrftoken' => 'no' }), 403,
    'CSRF_INVALID', undef, 'a write proves its session';

done_testing;
