
#include "tf_password_list.h"


/*
 * Put together for TaiFish: passwords that every published ranking has near its
 * top (words, keyboard walks, vendors' defaults, pinyin).  It is not a copy of
 * a ranking and not ordered by frequency.  What tf_password_rules() refuses
 * anyway, being short or without a letter or digit, is left out.
 */

const char    tf_password_list[] =
    "\n"
    "!qaz1qaz\n!qaz2wsx\n000000aa\n0okm9ijn\n111111aa\n11111aaa\n1111aaaa\n"
    "112233aa\n123456aa\n123456ab\n123456abc\n123456qwe\n123456qwerty\n"
    "12345abc\n12345qwe\n12345qwert\n1234abcd\n1234asdf\n1234qwer\n"
    "123abc456\n123qwe123\n123qweasd\n123qweasdzxc\n1a2b3c4d\n1q2w3e4r\n"
    "1q2w3e4r!\n1q2w3e4r5\n1q2w3e4r5t\n1q2w3e4r5t6y\n1qa2ws3ed\n1qaz!qaz\n"
    "1qaz2wsx\n1qaz2wsx!\n1qaz2wsx3edc\n1qaz@wsx\n1qazxsw2\n1qwerty1\n"
    "2wsx3edc\n3edc4rfv\n4321qwer\n4321rewq\n4dm1n123\n4rfv5tgb\n520woaini\n"
    "5tgb6yhn\n666666aa\n6tfc5rdx\n6yhn7ujm\n7ujm8ik,\n7ygv6tfc\n888888aa\n"
    "8uhb7ygv\n9ijn8uhb\n@admin123\n@dmin123\n@wsx2wsx\na112233b\na1a1a1a1\n"
    "a1b2c3d4\na1b2c3d4e5\na1s2d3f4\na1s2d3f4g5\naa!123456\naa000000\n"
    "aa111111\naa112233\naa11aa11\naa123456\naa12345678\naa666666\naa888888\n"
    "aa@123456\naaa11111\naaa12345\naaaa1111\nab123456\nab12cd34\nabc112233\n"
    "abc123!@#\nabc123abc\nabc123def\nabc123xyz\nabcde123\nabcdef12\n"
    "adm1n123\nadmin!23\nadmin@h3c1\nadmin@huawei1\nagent007\naini1314\n"
    "amanda123\nandrew123\nandroid1\nanthony1\nas123456\nasd12345\n"
    "asd123456\nasd123asd\nasdf1234\nasdfghj1\nasdfghjkl1\nasdfghjkl123\n"
    "asdfjkl1\nashley123\nasshole1\nasus1234\nazerty12\nazerty123\n"
    "azertyuiop1\nbanana123\nbarcelona1\nbasketball1\nbeckham7\nblink182\n"
    "bond0007\nbonjour1\nbonjour123\nbrasil123\nbusiness1\nbuster123\n"
    "calvin12\ncamille1\ncarlos123\ncentos123\nch4ngeme\nch@ngeme1\n"
    "chocolate1\ncisc0123\ncoffee123\ncookie123\ncorinthians1\ncr7ronaldo\n"
    "daniel123\ndba12345\ndba123456\ndba@1234\ndbadmin1\ndbadmin123\n"
    "debian12\ndell1234\ndemo1234\ndemo@123\ndocker123\ndocker@123\n"
    "dollar123\ndoudou123\nelastic1\nfacebook1\nfdsa4321\nflamengo1\n"
    "flower123\nfriday13\nfuck1234\nfucker69\nfuckoff1\nfuckyou1\nfuckyou2\n"
    "g1h2j3k4\ngeorge123\ngerrard8\nginger123\ngitlab123\ngolden123\n"
    "golf1234\ngrafana1\ngrafana123\nguangzhou1\nh3c12345\nhallo123\n"
    "harley123\nhaslo123\nhelpdesk1\nheslo1234\nhi123456\nhockey123\n"
    "hp123456\nibm12345\nil0veyou\niloveu12\niloveu1314\niloveyou2\n"
    "iphone12\niphone123\nironman1\njamesbond007\njenkins1\njennifer1\n"
    "jessica1\njessica12\njordan23\njoshua123\njuan1234\njuniper123\n"
    "juventus1\nkafka123\nkennwort1\nkobe2408\nkobe8424\nl3tmein1\nlampard8\n"
    "lebron23\nlenovo123\nlenovo@123\nli123456\nli12345678\nlinkedin1\n"
    "lkjhgfdsa1\nloulou123\nlove1314\nlovely12\nloveyou1\nlozinka1\n"
    "m1n2b3v4\nmanchester1\nmaria123\nmarseille13\nmatrix99\nmatthew1\n"
    "messi1010\nmichaeljordan23\nmichelle1\nmicrosoft1\nminecraft1\n"
    "mnbvcxz1\nmoney123\nmongo123\nmongodb1\nmonitor1\nmonitor123\n"
    "motdepasse1\nmoyuba123\nnaruto123\nncc1701d\nncc1701e\nnginx123\n"
    "nicolas1\nnihao123\nnothing1\noffice365\norange123\np0o9i8u7\np455w0rd\n"
    "p4ssw0rd\np@$$w0rd\np@$$w0rd1\np@$$word1\np@55w0rd\np@ssw0rd\n"
    "p@ssw0rd!\npa$$w0rd\npa$$word1\npa55w0rd\npa55word\nparola12\n"
    "parola123\npass@word1\npassw0rd\npassw0rd!\npasswort1\npasswort123\n"
    "pedro123\npepper123\npikachu1\npoiuyt12\npurple123\nq1q1q1q1\nq1w2e3r4\n"
    "q1w2e3r4t5\nq1w2e3r4t5y6\nq2w3e4r5\nqaz12345\nqaz123wsx\nqazwsx12\n"
    "qazwsx123\nqazwsxedc123\nqq123456\nqq123456789\nqqqq1111\nqw123456\n"
    "qwe12345\nqwe123456\nqwe123asd\nqwe123qwe\nqweasd123\nqwer!234\n"
    "qwer1234\nqwer4321\nqwer@1234\nqwert123\nqwert1234\nqwert12345\n"
    "qwertyu1\nqwertyui1\nr00t1234\nraspberry1\nrealmadrid1\nredhat123\n"
    "redis123\nredis@123\nrewq4321\nrobert123\nronaldo7\nrooney10\nrush2112\n"
    "s1d2f3g4\ns3cr3t12\ns3cret12\nsa123456\nsa@12345\nsalasana1\n"
    "scott/tiger1\nscott123\nsenha123\nsenha1234\nshenzhen1\nsifre123\n"
    "silver123\nsoccer12\nsoccer123\nsoleil123\nsomething1\nspiderman1\n"
    "sqladmin1\nsqlserver1\nstartrek1\nsuper123\nsuperadmin1\nsuperuser1\n"
    "sys@1234\nsysadmin1\nsysadmin123\nsystem32\ntennis123\nthomas123\n"
    "thx11381\ntiger123\ntoor1234\ntrustn01\ntrustno1\ntwitter1\nubuntu12\n"
    "ubuntu123\nunited99\nvista123\nw2e3r4t5\nw3lcome1\nwachtwoord1\n"
    "wang1234\nwang123456\nwangwei1\nwelc0me1\nwilliam1\nwin2000a\n"
    "windows10\nwindows11\nwindows7\nwindows8\nwoaini1314\nwoaini520\n"
    "woaini5201314\nwoaini521\nwoaizhongguo1\nwoshishui1\nww123456\n"
    "xx123456\nxyz12345\nyahoo123\nyellow123\nyoutube1\nz1x2c3v4\n"
    "z1x2c3v4b5\nzabbix123\nzaq!2wsx\nzaq12wsx\nzaq12wsx!\nzaq1@wsx\n"
    "zaq1xsw2\nzaq1zaq1\nzhang123\nzhang123456\nzhangwei1\nzidane10\n"
    "zte12345\nzx123456\nzxc12345\nzxc123456\nzxc123zxc\nzxcv1234\nzxcvbnm1\n"
    "zxcvbnm12\nzxcvbnm123\nzz123456\n";

const size_t  tf_password_list_len = sizeof(tf_password_list) - 1;


/* The most common words that people put an ending behind when a form asks for a
 * digit or a sign. */

const char    tf_password_words[] =
    "\n"
    "abc\nabcd\nadmin\nadministrator\namerica\napril\narsenal\nasdfgh\n"
    "august\nautumn\nbaseball\nbatman\nbeijing\nchangeme\ncharlie\nchelsea\n"
    "china\ncisco\ncompany\ncomputer\ndatabase\ndecember\ndefault\ndragon\n"
    "february\nfootball\nfreedom\nfriday\ngoogle\nguest\nhello\nhuawei\n"
    "hunter\niloveyou\ninternet\njanuary\njordan\njuly\njune\nkiller\n"
    "letmein\nliverpool\nlogin\nlondon\nlove\nmanager\nmarch\nmaster\n"
    "michael\nmonday\nmonkey\nmysql\nnewyork\nnovember\noctober\noracle\n"
    "p@ssw0rd\np@ssword\npass\npassw0rd\npasswd\npassword\npokemon\n"
    "postgres\nprincess\nqwerty\nqwertyuiop\nranger\nroot\nsamsung\nsecret\n"
    "september\nserver\nservice\nshadow\nshanghai\nspring\nstarwars\nsummer\n"
    "sunday\nsunshine\nsuperman\nsupport\nsystem\ntaifish\ntemp\ntest\nuser\n"
    "welcome\nwhalefall\nwhatever\nwinter\nwoaini\nzxcvbn\n";

const size_t  tf_password_words_len = sizeof(tf_password_words) - 1;
