package dev.educe.server.access;

import dev.educe.server.http.Quota;
import dev.educe.server.http.Scope;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;

/// What is kept of a key: everything but its secret.
///
/// @param id names it in lists and logs
/// @param hash SHA-256 of the secret, in hex; it has 256 random bits, so that no salt is needed
/// @param tenant whose it is
/// @param scopes what it allows
/// @param quota how much
/// @param created when
/// @param expires from when on it is good for nothing, if ever
/// @param note what it is for, in its owner's words
public record ApiKey(
    String id,
    String hash,
    String tenant,
    Set<Scope> scopes,
    Quota quota,
    Instant created,
    Optional<Instant> expires,
    String note) {
  private static final int SECRET_BYTES = 32;
  private static final int ID_BYTES = 6;
  private static final SecureRandom RANDOM = new SecureRandom();

  public ApiKey {
    scopes = Set.copyOf(scopes);
  }

  /// A key and its secret, which is shown once and kept nowhere.
  public record Created(ApiKey key, String secret) {}

  /// Makes a new key.
  public static Created create(
      String tenant,
      Set<Scope> scopes,
      Quota quota,
      Instant now,
      Optional<Instant> expires,
      String note) {
    String secret =
        "sk-" + Base64.getUrlEncoder().withoutPadding().encodeToString(random(SECRET_BYTES));
    String id = "key_" + HexFormat.of().formatHex(random(ID_BYTES));
    return new Created(
        new ApiKey(id, Secrets.hash(secret), tenant, scopes, quota, now, expires, note), secret);
  }

  private static byte[] random(int count) {
    var bytes = new byte[count];
    RANDOM.nextBytes(bytes);
    return bytes;
  }
}
