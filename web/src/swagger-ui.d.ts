declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
    /** The part of Swagger UI's configuration that is used here. */
    interface Options {
        url: string;
        dom_id: string;
        deepLinking: boolean;
        docExpansion: 'none' | 'list' | 'full';
        filter: boolean;
        validatorUrl: null;
        requestInterceptor(request: Request & { headers: Record<string, string> }): Promise<Request>;
    }
    export default function SwaggerUI(options: Options): unknown;
}
