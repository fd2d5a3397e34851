# The console in a browser: every page with a real server behind it and hostile
# names on it, in both languages and themes, at two widths.  No error in the
# browser's console, no report of the content security policy, nothing asked of
# another host, no serious finding of axe-core.  And what it weighs.

use lib 't/lib';
use TaiFish;
use TaiFish::Browser;
use TaiFish::Hostile;

my $tf = TaiFish->new->start;

TaiFish::Browser::walk($tf, 'walk.mjs', TaiFish::Hostile::fill($tf));

done_testing;
