package dev.educe.cli.load;

import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// What is asked, and of whom.
///
/// @param base of the server, without `/v1` and without a slash at its end
/// @param endpoint which of its addresses
/// @param model by the name that the server has for it
/// @param key to get in with
/// @param tokensMax how many tokens each answer may have
/// @param isExact whether it must have so many: asks for `min_tokens`, which not every server knows
/// @param temperature of sampling
/// @param timeout after which a request has failed
public record Target(
    URI base,
    Endpoint endpoint,
    String model,
    Optional<String> key,
    int tokensMax,
    boolean isExact,
    double temperature,
    Duration timeout) {
  /// The server that an address belongs to, given with or without `/v1`.
  ///
  /// @throws IllegalArgumentException if it is no address of HTTP
  public static URI base(String address) {
    String full = address.contains("://") ? address : "http://" + address;
    URI uri;
    try {
      uri = URI.create(full.replaceFirst("/*(v1)?/*$", ""));
    } catch (IllegalArgumentException e) {
      throw noAddress(address, e);
    }
    boolean isHttp = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
    if (!isHttp || uri.getHost() == null || uri.getQuery() != null) {
      throw noAddress(address, null);
    }
    return uri;
  }

  private static IllegalArgumentException noAddress(String address, Exception cause) {
    return new IllegalArgumentException(
        "URL must be the address of a server, as http://localhost:8080, got " + address, cause);
  }

  /// An address on the server.
  public URI at(String path) {
    return URI.create(base + path);
  }

  /// The body of a request.
  Map<String, Object> body(Object prompt) {
    var body = new LinkedHashMap<String, Object>();
    body.put("model", model);
    body.putAll(endpoint.body(prompt));
    body.put("max_tokens", tokensMax);
    if (isExact) {
      body.put("min_tokens", tokensMax);
    }
    body.put("temperature", temperature);
    body.put("stream", true);
    body.put("stream_options", Map.of("include_usage", true));
    return body;
  }
}
