# Answers of every size arrive whole: libpq and nginx both stop in the middle
# of large ones.  One cell that is large, and many small rows.

use lib 't/lib';
use TaiFish;
use TaiFish::Load;

my $tf = TaiFish->new;
$tf->start_nginx;

my $api = $tf->as('admin');
my $run = $tf->value("INSERT INTO task_runs (task_key, task_category,
    trigger_source, status) VALUES ('sync_accounts', 'account', 'manual',
    'completed') RETURNING run_id");
my @sizes = (1_000, 8_191, 16_384, 20_000, 65_537, 1_000_000, 20_000_000);

for my $size (@sizes) {
    $tf->sql("UPDATE task_runs SET error_message = repeat('a', $size - 1)
              || 'z' WHERE run_id = '$run'");
    my $r = $api->get("/task-runs/$run");
    my $text = $r->status == 200 ? $r->data->{run}{error_message} // '' : '';
    is $r->status, 200, "a cell of $size bytes" or diag $r->as_string;
    ok length $text == $size && $text =~ /^a+z$/,
        "a cell of $size bytes is whole";
}

is $api->get('/tags')->status, 200, 'others are served afterwards';

# many rows: 1 KB to 4 MB

for my $rows (10, 1_000, 40_000) {
    $tf->sql("INSERT INTO tags (name, display_name, category)
              SELECT 't' || i, 'Tag ' || i, 'load'
              FROM generate_series(1, $rows) i ON CONFLICT DO NOTHING");
    my $r = $api->get('/tags/options');
    my $n = $r->status == 200 ? @{ $r->data->{tags} } : 0;
    is $n, $rows, "$rows rows";
}

# large and small ones at once

my $large = TaiFish::Load->start($tf, client => $api, seconds => 2,
                                 connections => 2, path => "/task-runs/$run");
my $small = TaiFish::Load->start($tf, client => $api, seconds => 2,
                                 connections => 16, path => '/auth/me');
for ($large, $small) {
    my $seen = $_->wait;
    is_deeply [[keys %{ $seen->{status} }], $seen->{errors}], [[200], {}],
        "$seen->{requests} at once" or diag explain $seen;
}

done_testing;
