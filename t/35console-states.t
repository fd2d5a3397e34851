# What may happen while somebody works with the console: a session that ends, a
# database that is away, a lost network, two users in two tabs, a new console on
# the server.  Each ends in a clear state, and nothing that was typed is lost.

use lib 't/lib';
use TaiFish;
use TaiFish::Browser;
use TaiFish::Hostile;

my $tf = TaiFish->new->start;

# Another build: every file has another name, and the old ones are gone.

sub update {
    my $dir = $tf->dir . '/web';
    my %new = map { my $name = s{.*/}{}r;
                    ($name => $name
                        =~ s/(.)(\.\w+)$/($1 eq 'x' ? 'y' : 'x') . $2/er) }
        grep { !/\.(?:gz|br)$/ } glob "$dir/assets/*";
    my $names = join '|', map { quotemeta } keys %new;

    unlink glob "$dir/assets/*.gz $dir/assets/*.br $dir/*.gz $dir/*.br";
    for my $path (glob "$dir/*.html $dir/assets/*.js $dir/assets/*.css") {
        TaiFish::spew($path,
            TaiFish::slurp($path) =~ s/($names)/$new{$1}/gr);
    }
    rename "$dir/assets/$_", "$dir/assets/$new{$_}" or die $! for keys %new;
}

TaiFish::Browser::walk($tf, 'states.mjs', TaiFish::Hostile::fill($tf),
    'database away' => sub { $tf->pg->stop },
    'database back' => sub { $tf->pg->start },
    update => \&update);

done_testing;
