# What is sent to PostgreSQL again when it fails, and how often: a read once, a
# write never after it may have happened.

use lib 't/lib';
use TaiFish;

my $tf = TaiFish->new->start;
my $admin = $tf->as('admin');

# Counts tries in a sequence, which no rollback takes back, and fails.

$tf->sql("
    CREATE SEQUENCE tries;
    GRANT ALL ON SEQUENCE tries TO taifish_api;
    CREATE TABLE trouble (how text);
    GRANT SELECT ON trouble TO taifish_api;
    CREATE FUNCTION fails() RETURNS boolean LANGUAGE plpgsql AS \$\$
    DECLARE
        now_ text := (SELECT how FROM trouble);
    BEGIN
        IF now_ IS NULL OR session_user <> 'taifish_api' THEN
            RETURN true;
        END IF;
        PERFORM nextval('tries');
        IF now_ = 'serialization' THEN
            RAISE EXCEPTION 'again' USING ERRCODE = '40001';
        END IF;
        PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(5);
        RETURN true;
    END \$\$;
    CREATE FUNCTION tags_fail() RETURNS trigger LANGUAGE plpgsql AS \$\$
    BEGIN
        PERFORM fails();
        RETURN NEW;
    END \$\$;
    ALTER TABLE tags ENABLE ROW LEVEL SECURITY;
    CREATE POLICY seen ON tags FOR SELECT USING (fails());
    CREATE POLICY made ON tags FOR INSERT WITH CHECK (true);
    CREATE TRIGGER tags_fail BEFORE INSERT ON tags
        FOR EACH ROW EXECUTE FUNCTION tags_fail();
    INSERT INTO tags (name, display_name, category) VALUES ('a', 'A', 'x')");

sub tries {
    my ($how, $code) = @_;
    $tf->sql("TRUNCATE trouble; ALTER SEQUENCE tries RESTART;
              INSERT INTO trouble VALUES ('$how')");
    my $r = $code->();
    $tf->sql('TRUNCATE trouble');
    my $n = $tf->value('SELECT CASE WHEN is_called THEN last_value ELSE 0 END
                        FROM tries');
    TaiFish::Server::until_true(10, sub {
        $tf->client->get('/health/ready')->status == 200;
    }) or die 'not ready again';
    return ($r, $n);
}

my $read = sub { $admin->get('/tags/options') };
my $number = 0;
my $write = sub {
    $admin->post('/tags', { name => 't' . ++$number, display_name => 'T',
                            category => 'x' });
};

is $read->()->status, 200, 'a read works';
is $write->()->status, 201, 'a write, too';

my ($r, $n) = tries('serialization', $read);
is $n, 2, 'a read that PostgreSQL wants again is sent again once';
is $r->status, 500, 'a read that PostgreSQL wants again and again fails';

($r, $n) = tries('termination', $read);
is $n, 2, 'a read whose connection is lost is sent again once';
is $r->status, 503, 'a read whose connection is lost twice fails';

my $before = $tf->value('SELECT count(*) FROM tags');
($r, $n) = tries('termination', $write);
is $n, 1, 'a write whose connection is lost is not sent again';
is $r->code, 'OUTCOME_UNKNOWN',
    'the client of a lost write is told that its outcome is unknown';

($r, $n) = tries('serialization', $write);
is $n, 2, 'a write that surely did not happen is sent again once';
isnt $r->status, 201, 'a write that PostgreSQL wants again and again fails';
is $tf->value('SELECT count(*) FROM tags'), $before,
    'a write that failed stored nothing';

is $read->()->status, 200, 'a read works again';
is $write->()->status, 201, 'a write, too';


# --- numbers of paths -------------------------------------------------------

for my $id (qw(9223372036854775807 9223372036854775808 9999999999999999999
               18446744073709551617 00000000000000000001))
{
    my $r = $admin->get("/tags/$id");
    is $r->status, 404, "GET /tags/$id: none";
    is $r->code, 'RESOURCE_NOT_FOUND', "GET /tags/$id says that there is none";
}

done_testing;
