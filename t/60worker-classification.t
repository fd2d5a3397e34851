# Classification: classes and rules through the API, accounts classified by the
# sync that wrote them and by the job that a changed rule queues, previews,
# statistics of days, and the catalog that the editor offers.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;
use TaiFish::Sync;

my $tf = TaiFish->new->start;
my $api = $tf->as('admin');
my $viewer = $tf->as('viewer');
my $at = '/accounts/classifications';

my %class = map { $_->{code} => $_ }
    @{ data_of($viewer->get($at), 200, 'classes are listed')
       ->{classifications} };
is_deeply [sort keys %class], [qw(highly low medium public sensitive super)],
    'those of the reference are there';
is_deeply [@{ $class{super} }{qw(name risk_level priority icon_name is_system
                                 rules_count)}],
    ['超级账户', 1, 100, 'fa-crown', JSON::PP::true, 4], 'with their fields';


# --- classes ---------------------------------------------------------------

my $r = $api->post($at, { code => ' Backup ', display_name => '备份账户' });
is $r->status, 201, 'a class is created' or diag $r->as_string;
my $backup = $r->data->{classification};
is_deeply [@$backup{qw(code risk_level priority icon_name is_system)}],
    ['backup', 4, 0, 'fa-tag', JSON::PP::false], 'with the defaults';
is $api->post($at, { display_name => 'Ops' })->data->{classification}{code},
    'ops', 'the code comes from the display name';
refused $api->post($at, { code => 'BACKUP', display_name => 'x' }), 400,
    'NAME_EXISTS', 'code', 'a code is used once, in any case';

$r = $api->put("$at/$backup->{id}", { display_name => 'Backups',
    risk_level => 2, priority => 55, icon_name => 'fa-eye' });
is_deeply [@{ $r->data->{classification} }{qw(code display_name risk_level
                                              priority icon_name)}],
    ['backup', 'Backups', 2, 55, 'fa-eye'], 'a class is changed';
refused $api->put("$at/$class{super}{id}", { risk_level => 3 }), 400,
    'SYSTEM_CLASSIFICATION', 'risk_level', 'not the risk of a system class';
refused $api->put("$at/$class{super}{id}", { icon_name => 'fa-tag' }), 400,
    'SYSTEM_CLASSIFICATION', 'icon_name', 'nor its icon';
is $api->put("$at/$class{super}{id}", { display_name => 'Root', risk_level => 1
    })->status, 200, 'its name may change';
refused $api->delete("$at/$class{super}{id}"), 400, 'SYSTEM_CLASSIFICATION',
    'id', 'a system class is not deleted';
refused $api->put("$at/$backup->{id}", { risk_level => 7 }), 400,
    'VALIDATION_ERROR', 'risk_level', 'a risk is 1 to 6';
refused $viewer->post($at, { display_name => 'x' }), 403,
    'PERMISSION_REQUIRED', undef, 'a viewer creates none';


# --- rules, both of their forms --------------------------------------------

my $check = "$at/rules/actions/validate-expression";
$r = $viewer->post($check, { rule_text => "not locked and name like 'b\\_%'" });
is_deeply $r->data, { rule_text => "NOT LOCKED AND NAME LIKE 'b\\_%'",
    rule_expression => { version => 4, expr => { op => 'AND', args => [
        { op => 'NOT', args => [{ fn => 'is_locked', args => {} }] },
        { fn => 'name_like', args => { pattern => 'b\\_%' } }] } } },
    'text becomes an expression' or diag $r->as_string;
is $viewer->post($check, { rule_expression => $r->data->{rule_expression} })
    ->data->{rule_text}, "NOT LOCKED AND NAME LIKE 'b\\_%'", 'and back';
is $viewer->post($check, { rule_expression =>
    '{"version":4,"expr":{"fn":"is_superuser"}}' })->data->{rule_text},
    'SUPERUSER', 'an expression in a string';

for ([{ rule_text => "superuser AND\n  role x" }, 'INVALID_DSL_EXPRESSION',
      'rule_text', { line => 2, column => 8, expected => "'...'",
                     reason => 'INVALID_DSL_EXPRESSION' }],
     [{ rule_expression => { version => 3, expr => {} } }, 'DSL_V4_REQUIRED',
      'rule_expression', { pointer => '/version', expected => '4',
                           reason => 'DSL_V4_REQUIRED' }],
     [{ rule_expression => { version => 4, expr => { op => 'OR', args => [
            { fn => 'is_locked' }, { fn => 'evil' }] } } },
      'INVALID_DSL_EXPRESSION', 'rule_expression',
      { pointer => '/expr/args/1/fn', reason => 'UNKNOWN_DSL_FUNCTION' }],
     [{ rule_expression => 'no JSON' }, 'INVALID_DSL_EXPRESSION',
      'rule_expression', { reason => 'INVALID_DSL_EXPRESSION' }],
     [{}, 'INVALID_DSL_EXPRESSION', 'rule_expression',
      { reason => 'MISSING_DSL_ARGS' }])
{
    my ($body, $code, $field, $extra) = @$_;
    $r = $viewer->post($check, $body);
    refused $r, 400, $code, $field, "$code with its field";
    my $got = $r->json->{extra};
    is_deeply { map { $_ => $got->{$_} } keys %$extra }, $extra,
        'and its place' or diag $r->as_string;
    ok $got->{reason_message}, 'in words';
}

my %rule = (rule_name => 'Backups', classification_id => $backup->{id},
            db_type => 'postgresql', operator => 'OR');

$r = $api->post("$at/rules", { %rule, rule_text => "NAME MATCHES 'backup.*'" });
is $r->status, 201, 'a rule is created' or diag $r->as_string;
my $id = $r->data->{rule_id};
my $rule = data_of($viewer->get("$at/rules/$id"), 200, 'and read')->{rule};
is_deeply [@$rule{qw(rule_version classification_name is_active rule_text
                     matched_accounts_count)}],
    [1, 'Backups', JSON::PP::true, "NAME MATCHES 'backup.*'", 0],
    'with its fields';

refused $api->post("$at/rules", { %rule, rule_text => 'LOCKED' }), 400,
    'NAME_EXISTS', 'rule_name', 'a name is used once in its class and engine';
refused $api->post("$at/rules", { %rule, rule_name => 'y',
                                  rule_text => "name matches 'backup.*'" }),
    400, 'EXPRESSION_DUPLICATED', 'rule_expression',
    'and so is an expression, however it was written';
refused $api->post("$at/rules", { %rule, rule_name => 'z',
    classification_id => 9999, rule_text => 'LOCKED' }), 404,
    'RESOURCE_NOT_FOUND', 'classification_id', 'no such class';
refused $api->delete("$at/$backup->{id}"), 409, 'CLASSIFICATION_IN_USE', 'id',
    'a class with rules is not deleted';


# --- the sync classifies what it wrote -------------------------------------

my $db = $tf->postgres;
$db->sql(q{
    CREATE ROLE backup1 LOGIN;
    CREATE ROLE backup2;
    CREATE ROLE root1 LOGIN SUPERUSER;
    CREATE ROLE plain LOGIN;
});
my $s = TaiFish::Sync->new($tf, $api, 'postgresql', $db);
$s->sync;

sub classes_of {
    my ($name) = @_;
    return join ' ', map { $_->{code} } $tf->rows(
        "SELECT c.code
         FROM account_class_assignments x
              JOIN accounts a ON a.id = x.account_id
              JOIN account_classes c ON c.id = x.classification_id
         WHERE a.principal = '$name' ORDER BY c.code");
}

is classes_of('backup1'), 'backup', 'an account that a rule matches';
is classes_of('root1'), 'super', 'a superuser, by a rule of the start';
is classes_of('plain'), '', 'an account that none matches';

$db->sql('ALTER ROLE plain CREATEROLE; ALTER ROLE root1 NOSUPERUSER');
$s->sync;
is classes_of('plain'), 'highly', 'a changed account is classified again';
is classes_of('root1'), '', 'and loses what it no longer is';

$db->sql('DROP ROLE plain');
$s->sync;
is classes_of('plain'), '', 'a dropped account has no class';

my $items = $viewer->get('/accounts/ledgers?classification=backup')
    ->data->{items};
is_deeply [map { $_->{username} } @$items], [qw(backup1 backup2)],
    'the ledger is filtered by class';
is_deeply $items->[0]{classifications},
    [{ name => 'Backups', code => 'backup', risk_level => 2 }],
    'and shows it';
is_deeply [sort map { $_->{username} } @{ $viewer->get("$at/assignments"
    . "?classification_id=$backup->{id}")->data->{assignments} }],
    [qw(backup1 backup2)], 'assignments are listed';


# --- previews --------------------------------------------------------------

my $try = "$at/rules/actions/preview";
$r = $viewer->post($try, { db_type => 'postgresql', rule_id => $id,
    rule_text => "NAME MATCHES 'backup.*' AND NOT LOCKED OR NAME = 'x'" });
refused $r, 400, 'INVALID_DSL_EXPRESSION', 'rule_text', 'a wrong rule';
$r = $viewer->post($try, { db_type => 'postgresql', rule_id => $id,
    rule_text => "NAME MATCHES 'backup.*' AND NOT LOCKED" });
is $r->status, 200, 'a preview' or diag $r->as_string;
my $preview = $r->data->{preview};
is_deeply [@$preview{qw(matched_count added_count removed_count)}], [1, 0, 1],
    'tells what would change';
is_deeply [map { $_->{username} } @{ $preview->{accounts} }], ['backup1'],
    'and who matches';
is_deeply $preview->{accounts}[0]{why}, [
    { pointer => '/expr/args/0', text => "NAME MATCHES 'backup.*'",
      value => JSON::PP::true },
    { pointer => '/expr/args/1/args/0', text => 'LOCKED',
      value => JSON::PP::false }], 'with the reason';
is classes_of('backup2'), 'backup', 'and changes nothing';


# --- a changed rule classifies everybody -----------------------------------

sub settled {
    my ($what, $code) = @_;
    ok TaiFish::Server::until_true(30, $code), $what;
}

$r = $api->put("$at/rules/$id", { rule_name => 'Renamed' });
is $r->data->{new_rule_id}, $id, 'another name is the same version';
$r = $api->put("$at/rules/$id", { %rule, rule_name => 'Renamed',
    rule_text => "NAME MATCHES 'backup.*' AND NOT LOCKED" });
my $new = $r->data->{new_rule_id};
isnt $new, $id, 'another expression is a new version' or diag $r->as_string;
settled 'its accounts are classified again',
    sub { classes_of('backup2') eq '' };
is classes_of('backup1'), 'backup', 'the others as before';
$rule = $viewer->get("$at/rules/$new")->data->{rule};
is_deeply [@$rule{qw(rule_version rule_name matched_accounts_count)}],
    [2, 'Renamed', 1], 'the new version';
is scalar @{ $rule->{versions} }, 2, 'knows the one before';
refused $api->put("$at/rules/$id", { rule_name => 'x' }), 404,
    'RESOURCE_NOT_FOUND', 'id', 'an old version is not changed';
refused $api->put("$at/rules/$new", { db_type => 'mysql' }), 403, 'FORBIDDEN',
    'db_type', 'nor is the engine of a rule';

my $run = data_of($api->post("$at/actions/auto-classify", {}), 200,
                  'all rules are evaluated')->{run_id};
my $done = $tf->wait_run($run);
is $done->{status}, 'completed', 'to the end';
my ($m) = map { $_->{metrics} } @{ $done->{items} };
is $m->{total_classifications_added}, 0, 'and nothing was left to do';
cmp_ok $m->{accounts_count}, '>', 3, 'of all accounts';
refused $api->post("$at/actions/auto-classify",
                   { account_scope => 'instance:9999' }), 404,
    'RESOURCE_NOT_FOUND', 'account_scope', 'an instance that is not there';


# --- what was never read is unknown ----------------------------------------

$tf->sql("UPDATE instance_scopes SET known = false, status = 'denied'
          WHERE scope = 'memberships'");
$r = $viewer->post($try, { db_type => 'postgresql',
    rule_text => "NOT ROLE 'no_such_role'" });
is $r->data->{preview}{matched_count}, 0,
    'NOT does not match where roles could not be read' or diag $r->as_string;
$tf->sql("UPDATE instance_scopes SET known = true, status = 'ok'
          WHERE scope = 'memberships'");
$r = $viewer->post($try, { db_type => 'postgresql',
    rule_text => "NOT ROLE 'no_such_role'" });
cmp_ok $r->data->{preview}{matched_count}, '>', 3, 'and does where they were';


# --- statistics ------------------------------------------------------------

$tf->command('enqueue', 'calculate_account');
settled 'the statistics of today are computed', sub {
    $tf->value('SELECT count(*) FROM classification_class_stats') > 0 };

my $stats = $viewer->get('/accounts/statistics')->data->{stats};
is $stats->{classification_stats}{backup}{account_count}, 1,
    'accounts by class';
is $stats->{total_accounts}, $stats->{active_accounts}
    + $stats->{deleted_accounts}, 'the sums agree';
is $stats->{deleted_accounts}, 1, 'a dropped account is counted';
is_deeply [sort keys %{ $viewer->get('/accounts/statistics/db-types')->data }],
    [qw(mysql oracle postgresql sqlserver)], 'every engine has its numbers';
my $summary = $viewer->get('/accounts/statistics/summary?db_type=postgresql'
    . '&account_scope=instance:' . $s->id)->data;
is_deeply [@$summary{qw(total_accounts active_instances)}],
    [$stats->{total_accounts}, 1], 'of one instance';
is $viewer->get('/accounts/statistics/classifications')->data
    ->{backup}{display_name}, 'Backups', 'classes as a map';
is_deeply $viewer->get("/accounts/statistics/rules?rule_ids=$new")->data
    ->{rule_stats}, [{ rule_id => $new, matched_accounts_count => 1 }],
    'matches of a rule';

my $trend = $viewer->get('/accounts/statistics/classifications/trend'
    . "?classification_id=$backup->{id}&periods=3")->data->{trend};
is scalar @$trend, 3, 'a trend of three days';
is_deeply [@{ $trend->[2] }{qw(value_sum coverage_days expected_days)}],
    [1, 1, 1], 'today';
is_deeply [@{ $trend->[0] }{qw(value_sum coverage_days expected_days)}],
    [0, 0, 1], 'a day without data says so';

# A week is Monday to Sunday; two days with 1 and 4 accounts.

$tf->sql("WITH d AS (INSERT INTO classification_stat_days (stat_date)
                     SELECT date_trunc('week', stat_date)::date - 7 + n
                     FROM classification_stat_days, generate_series(1, 2) n
                     RETURNING stat_date)
          INSERT INTO classification_class_stats
          SELECT d.stat_date, $backup->{id}, " . $s->id . ",
                 CASE extract(dow FROM d.stat_date) WHEN 2 THEN 1 ELSE 4 END
          FROM d");
$trend = $viewer->get('/accounts/statistics/classifications/trend'
    . "?classification_id=$backup->{id}&period_type=weekly&periods=2")
    ->data->{trend};
is_deeply [@{ $trend->[0] }{qw(value_avg value_sum coverage_days
                               expected_days)}], [2.5, 5, 2, 7],
    'a week has its sum and the average of the days that were computed';

$r = $viewer->get('/accounts/statistics/classifications/trends?periods=2');
is scalar @{ $r->data->{series} }, 8, 'trends of all classes';
is scalar @{ $r->data->{series}[0]{points} }, 2, 'each with its points';
is $viewer->get("/accounts/statistics/rules/trend?rule_id=$new&periods=1")
    ->data->{trend}[0]{value_sum}, 1, 'the trend of a rule';
is_deeply [map { [@$_{qw(rule_id value_sum)}] } @{ $viewer->get(
    "/accounts/statistics/rules/contributions?classification_id=$backup->{id}")
    ->data->{contributions} }], [[$new, 1]], 'contributions of its rules';
$r = $viewer->get("/accounts/statistics/rules/overview?status=all"
    . "&classification_id=$backup->{id}");
is_deeply [map { $_->{rule_id} } @{ $r->data->{rules} }], [$new, $id],
    'old versions are in the overview';
refused $viewer->get('/accounts/statistics/rules/trend?rule_id=1'
    . '&period_type=yearly'), 400, 'VALIDATION_ERROR', 'period_type',
    'no years';


# --- the catalog -----------------------------------------------------------

$r = $viewer->get("$at/permissions/postgresql");
my $catalog = $r->data->{permissions};
ok +(grep { $_->{name} eq 'pg_read_all_data' }
     @{ $catalog->{postgresql_predefined_roles} }), 'a predefined role';
refused $viewer->get("$at/permissions/db2"), 404, 'RESOURCE_NOT_FOUND', undef,
    'an engine that is none';


# --- an end ----------------------------------------------------------------

is $api->delete("$at/rules/$new")->status, 200, 'a rule is deleted';
refused $viewer->get("$at/rules/$new"), 404, 'RESOURCE_NOT_FOUND', undef,
    'and gone';
settled 'with what it gave', sub { classes_of('backup1') eq '' };
is $api->delete("$at/$backup->{id}")->status, 200, 'then its class';

done_testing;
