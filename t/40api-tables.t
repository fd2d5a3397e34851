# Request/response tables: what every endpoint has in common.

use lib 't/lib';
use TaiFish::Tables;

plan tests => repeat_each() * (2 * blocks());
run_tests();

__DATA__

=== TEST 1: nobody is signed in
--- request
GET /api/v1/tags
--- error_code: 401
--- response_body_like: "message_code":"AUTHENTICATION_REQUIRED"

=== TEST 2: a viewer reads
--- as: viewer
--- sql
INSERT INTO tags (name, display_name, category) VALUES ('a', 'A', 'x');
--- request
GET /api/v1/tags
--- error_code: 200
--- response_body_like: "total":1\b

=== TEST 3: a path nobody serves
--- as: viewer
--- request
GET /api/v1/nothing
--- error_code: 404
--- response_body_like: "message_code":"RESOURCE_NOT_FOUND"

=== TEST 4: a write without the request token
--- as: operator
--- more_headers
X-CSRFToken: wrong
Content-Type: application/json
--- request
POST /api/v1/tags
{"name":"b","display_name":"B","category":"x"}
--- error_code: 403
--- response_body_like: "message_code":"CSRF_(?:MISSING|INVALID)"

=== TEST 5: a write
--- as: operator
--- more_headers
Content-Type: application/json
--- request
POST /api/v1/tags
{"name":"b","display_name":"B","category":"x"}
--- error_code: 201
--- response_body_like: "success":true

=== TEST 6: a viewer may not write
--- as: viewer
--- more_headers
Content-Type: application/json
--- request
POST /api/v1/tags
{"name":"c","display_name":"C","category":"x"}
--- error_code: 403
--- response_body_like: "message_code":"PERMISSION_
