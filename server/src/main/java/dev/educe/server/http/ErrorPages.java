package dev.educe.server.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/// Answers what is no HTTP, or more of it than is allowed, before there is a request to handle.
final class ErrorPages extends ErrorHandler {
  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    int status = status(request.getAttribute(ERROR_EXCEPTION), response.getStatus());
    response.setStatus(status);
    var headers = response.getHeaders();
    headers.put("x-request-id", Ids.ofRequest());
    headers.put(HttpHeader.CONTENT_TYPE, "application/json");
    headers.put(HttpHeader.CONNECTION, "close");
    byte[] body = error(status).body().getBytes(StandardCharsets.UTF_8);
    headers.put(HttpHeader.CONTENT_LENGTH, body.length);
    response.write(true, ByteBuffer.wrap(body), callback);
    return true;
  }

  private static int status(Object cause, int otherwise) {
    return switch (cause) {
      case HttpException bad -> bad.getCode();
      // The connection broke off, or was given up by us because the rest did not come.
      case IOException _, TimeoutException _ -> 408;
      case null, default -> otherwise;
    };
  }

  private static ApiError error(int status) {
    return switch (status) {
      case 408 -> ApiError.of(status, "timeout", "request_timeout", "The request came too slowly.");
      case 414 -> invalid(status, "uri_too_long", "The address is too long.");
      case 431 -> invalid(status, "headers_too_large", "The headers are too long.");
      case 505 -> invalid(status, "http_version", "This server speaks HTTP/1.1.");
      default ->
          status < 500
              ? invalid(status, "bad_request", "The request is no valid HTTP.")
              : ApiError.of(
                  status, ApiError.SERVER_ERROR, "engine_error", "The server had an error.");
    };
  }

  private static ApiError invalid(int status, String code, String message) {
    return ApiError.of(status, ApiError.INVALID_REQUEST, code, message);
  }
}
