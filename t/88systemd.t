# On a host, as docs/install.md and docs/backup.md write it: package, database,
# keys, start, reload, a new version under load, backups by their timers, and
# restore, with the systemd of Debian 12 and 13.  Takes minutes: TAIFISH_PROOF.

use lib 't/lib';
use TaiFish;
use TaiFish::Root;

plan skip_all => 'a long one: TAIFISH_PROOF=1' unless $ENV{TAIFISH_PROOF};
plan skip_all => TaiFish::Root::why_not() if TaiFish::Root::why_not();

my $root;

# A line's output; it has to succeed.

sub ok_run {
    my ($line, $name) = @_;
    my ($code, $out) = $root->run("set -e\n$line");
    is $code, 0, $name // $line =~ s/\n.*//sr or diag $out;
    return $out;
}

sub document {
    my ($path, $heading, $n, %with) = @_;
    my $block = (TaiFish::Root::commands($path, $heading))[$n];
    for my $what (sort keys %with) {
        $block =~ s/\Q$what\E/$with{$what}/g or die "$path has no $what";
    }
    return ok_run($block, "$path, $heading");
}

sub install {
    my ($n, %with) = @_;
    return document('docs/install.md', $n, 0, %with);
}

sub master { ok_run('cat /run/taifish/nginx.pid', 'the pid') =~ s/\s//gr }

sub until_run {
    my ($seconds, $line, $want, $name) = @_;
    my $out;
    ok TaiFish::Server::until_true($seconds, sub {
        (my $code, $out) = $root->run($line);
        $out =~ $want }), $name or diag $out;
}

for my $suite (split ' ', $ENV{TAIFISH_SUITES} || 'bookworm trixie') {
    $root = TaiFish::Root->new($suite);
    $root->repository('/repository');
    ok_run('apt-get update -q && apt-get install -y -q --no-install-recommends '
        . 'systemd systemd-sysv dbus', "$suite with systemd");
    install('The package, or make install',
        '<this repository>' => '/repository');

    # the same as another version, for later

    ok_run(<<'END', 'another version');
cd taifish
mkdir /v1 && mv build/taifish_*.deb /v1
sed -i 's/TF_RELEASE  "[^"]*"/TF_RELEASE  "99.0.0"/' src/core/tf_release.h
sed -i '1s/(.*)/(99.0.0)/' debian/changelog
make deb
END

    $root->boot;
    install('The database');
    my $admin = install('Keys, schema, the first administrator');
    my ($password) = $admin =~ /^password: (\S+)/m;
    ok $password, 'the password is said';
    ok_run('echo TAIFISH_TARGET_ALLOW=127.0.0.0/8 > /etc/taifish/worker.env',
        'settings');
    my $said = install('Start');
    like $said, qr/"ready"/, 'nginx is ready';
    ok_run('systemctl is-active taifish-worker taifish-nginx '
        . 'taifish-backup.timer', 'all runs');
    like ok_run('ls /opt/taifish/backups', 'the backup'), qr/\.dump$/m,
        'is there';


    # A reload, and one that has to fail.

    my $master = master();
    ok_run('systemctl reload taifish-nginx', 'a reload');
    ok_run('cp /etc/taifish/nginx.conf /root && '
        . 'echo nonsense >> /etc/taifish/nginx.conf', 'a mistake');
    my ($code, $out) = $root->run('systemctl reload taifish-nginx');
    isnt $code, 0, 'is refused';
    ($code, $out) = $root->run('journalctl -u taifish-nginx');
    like $out, qr/\[emerg\].*nonsense|unexpected end of file/, 'and named';
    ok_run('cp /root/nginx.conf /etc/taifish/nginx.conf; '
        . 'curl -fsS http://127.0.0.1:8080/health/ready', 'nginx goes on');
    ok_run("sed -i 's/^    server {/&\\n        listen 127.0.0.1:443;/' "
        . '/etc/taifish/nginx.conf && systemctl reload taifish-nginx',
        'a port of root in a reload');
    until_run(10, 'curl -sS -o /dev/null -w "%{http_code}" '
        . 'http://127.0.0.1:443/health/ready', qr/^200$/, 'is served');
    is master(), $master, 'by the same nginx';


    # A new version while requests come.

    my $pid = open my $wrk, '-|', $root->beside, qw(wrk -t1 -c8 -d300s),
        'http://127.0.0.1:8080/health/ready' or die $!;
    install('A new version', './build/' => '/root/taifish/build/');
    sleep 2;                            # of the new version
    ok kill('INT', $pid), 'the load lasted longer';
    my $load = do { local $/; <$wrk> };
    like $load, qr/\d\d+ requests in/, 'requests came';
    unlike $load, qr/Socket errors|Non-2xx/, 'none was lost' or diag $load;
    diag "$suite: ", $load =~ /(\d+ requests in \S+)/;
    is master(), $master, 'nginx was not restarted';
    until_run(40, 'cat $(pgrep -P ' . $master . ' | sed "s|.*|/proc/&/maps|")'
        . ' | grep -o "ngx_taifish_module-[0-9.]*[0-9]" | sort -u',
        qr/\Angx_taifish_module-99\.0\.0\n\z/, 'and runs the new module');
    like ok_run('taifish-worker --version', 'the worker'), qr/99\.0\.0/,
        'is new';
    ok_run('systemctl is-active taifish-worker', 'and runs');


    # Backups: by the timer, and one that fails.

    ok_run(<<'END', 'timers that do not take all night');
for t in backup:OnCalendar='*:*:0/5' backup-retry:OnActiveSec=3s; do
    d=/etc/systemd/system/taifish-${t%%:*}.timer.d
    mkdir -p $d
    printf '[Timer]\n%s\n%s\n' "${t#*:}" AccuracySec=1s > $d/test.conf
done
systemctl daemon-reload
rm /opt/taifish/backups/*
systemctl restart taifish-backup.timer
END
    until_run(60, 'ls /opt/taifish/backups', qr/\.dump$/m,
        'the timer makes one');
    ok_run('systemctl stop taifish-backup.timer; while systemctl is-active -q '
        . 'taifish-backup; do sleep 0.2; done; systemctl stop postgresql '
        . "'postgresql@*'", 'no database');
    my $since = time;
    ($code, $out) = $root->run('systemctl start taifish-backup');
    isnt $code, 0, 'a backup that fails says so';
    ok time - $since < 60, 'at once';
    like ok_run('journalctl -u taifish-backup -n 20', 'the journal'),
        qr/"ok":false/, 'says why';
    ok_run('rm /opt/taifish/backups/*.dump; systemctl start postgresql; '
        . 'systemctl --no-block start '
        . '"postgresql@$(ls /etc/postgresql)-main"', 'the database is back');
    until_run(90, 'ls /opt/taifish/backups', qr/\.dump$/m,
        'it is tried again');


    # Restore after a loss.

    until_run(60, 'systemctl is-active taifish-backup', qr/^inactive/m,
        'it ended');
    ok_run('systemctl stop taifish-backup-retry.timer taifish-nginx '
        . 'taifish-worker; env -C / runuser -u postgres -- psql -qc '
        . '"DROP DATABASE taifish" -c "DROP ROLE taifish" '
        . '-c "DROP ROLE taifish_api" -c "DROP ROLE taifish_worker"',
        'all is lost');
    install('The database');
    my ($dump) = ok_run('ls /opt/taifish/backups', 'the dump')
        =~ /^(\S+\.dump)$/m;
    document('docs/backup.md', 'Restore', 2,
        'taifish-20250102T020000Z.dump' => $dump);
    until_run(30, 'curl -fsS http://127.0.0.1:8080/health/ready', qr/\{/,
        'all is back');
    like ok_run(<<"END", 'the administrator signs in'), qr/"success": ?true/;
u=http://127.0.0.1:8080/api/v1
csrf=\$(curl -sS -c jar -b jar \$u/auth/csrf-token |
    grep -o '"csrf_token":"[^"]*' | cut -d'"' -f4)
curl -sS -b jar -c jar -H "X-CSRFToken: \$csrf" \\
    -H 'Content-Type: application/json' \\
    -d '{"username":"admin","password":"$password"}' \$u/auth/login
END
    ($code, $out) = $root->run('systemctl --failed --plain --no-legend');
    unlike $out, qr/taifish/, 'no unit of ours failed' or diag $out;
    $root->end;
}

done_testing;
