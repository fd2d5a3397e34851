# What people do with the console, by mouse and by keyboard alone, with a server
# that TaiFish reads.

use lib 't/lib';
use TaiFish;
use TaiFish::Browser;
use TaiFish::Hostile;

my $tf = TaiFish->new->start;
my $target = $tf->postgres;

TaiFish::Hostile::fill($tf);
$target->sql("CREATE ROLE console_monitor LOGIN PASSWORD 'Monitor-pass-1';
              CREATE ROLE console_app; CREATE ROLE console_keys");

TaiFish::Browser::walk($tf, 'jobs.mjs', { PG_PORT => $target->port },
    grant => sub { $target->sql('GRANT pg_monitor TO console_app') },
    close => sub {
        $target->sql('CREATE DATABASE console_closed');
        $target->sql('REVOKE CONNECT ON DATABASE console_closed FROM PUBLIC');
    });
TaiFish::Browser::walk($tf, 'keys.mjs', { PG_PORT => $target->port },
    grant => sub {
        $target->sql('GRANT pg_read_all_settings TO console_keys') });

done_testing;
