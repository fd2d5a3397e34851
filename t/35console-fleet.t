# The long walk: the console of a fleet of 200 instances with 100,000 accounts,
# sizes of 40 days and hostile names, in both languages and themes, at both
# widths; and how long a page of 100 rows takes.  Only with TAIFISH_PROOF=1.

use lib 't/lib';
use TaiFish;
BEGIN {
    plan skip_all => 'only with TAIFISH_PROOF=1' unless $ENV{TAIFISH_PROOF};
}
use TaiFish::Browser;
use TaiFish::Hostile;
use TaiFish::Seed;

my $tf = TaiFish->new(workers => 2, pg => { shared_buffers => '256MB' });

TaiFish::Seed::fleet($tf, accounts => 100_000, instances => 200);
$tf->sql("
    INSERT INTO databases (instance_id, name, first_seen_at, size_bytes,
                           sized_at)
    SELECT i.id, d.name, now() - interval '1 year',
           (i.id * 7 % 90 + 10) * d.weight * 100000000, now()
    FROM instances i,
         (VALUES ('orders', 9), ('billing', 5), ('archive', 2)) d (name, weight)
    WHERE i.description = 'seeded';
    INSERT INTO database_sizes (database_id, instance_id, day, size_bytes)
    SELECT id, instance_id, capacity_day() - n,
           size_bytes - n * (id % 5) * 10000000
    FROM databases, generate_series(0, 39) n;
    INSERT INTO instance_sizes (instance_id, day, size_bytes, database_count,
                                is_complete)
    SELECT instance_id, day, sum(size_bytes), 3, true
    FROM database_sizes GROUP BY 1, 2;
    UPDATE instances SET capacity_limit_bytes = 200000000000
    WHERE id % 3 > 0;
    UPDATE instances i
    SET last_capacity_at = now(), database_count = 3, size_bytes =
        (SELECT sum(size_bytes) FROM databases d WHERE d.instance_id = i.id)
    WHERE description = 'seeded'");
$tf->start;
$tf->wait_run($tf->as('admin')
    ->post('/accounts/classifications/actions/auto-classify', {})
    ->data->{run_id}, 600);

TaiFish::Browser::walk($tf, 'walk.mjs',
    { %{ TaiFish::Hostile::fill($tf) }, FLEET => 1 });

done_testing;
