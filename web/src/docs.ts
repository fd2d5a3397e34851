/* The API viewer at /api/v1/docs: Swagger UI over this server's own document,
 * with the session of the browser. */

import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import 'swagger-ui-dist/swagger-ui.css';

/** What changes something needs a request token; programs use an API token. */
async function withToken(request: Request & { headers: Record<string, string> }): Promise<Request> {
    if (!/^(GET|HEAD|OPTIONS)$/i.test(request.method ?? 'GET') && !request.headers.Authorization) {
        const answer = await fetch('/api/v1/auth/csrf-token');
        const said = await answer.json() as { data?: { csrf_token?: string } };

        if (said.data?.csrf_token) {
            request.headers['X-CSRFToken'] = said.data.csrf_token;
        }
    }
    return request;
}

SwaggerUI({
    url: '/api/v1/openapi.json',
    dom_id: '#docs',
    deepLinking: true,
    docExpansion: 'none',
    filter: true,
    requestInterceptor: withToken,
    validatorUrl: null,
});
