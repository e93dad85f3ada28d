package dev.educe.server.http;

import java.util.Set;

/// Who sent a request, as its key says.
///
/// @param keyId names the key, not its secret; empty without one
/// @param tenant whose requests share limits and cache, and are told from those of others
/// @param scopes what the caller may do
/// @param quota how much
public record Caller(String keyId, String tenant, Set<Scope> scopes, Quota quota) {
  /// Somebody with no key, where keys are asked for.
  public static final Caller ANONYMOUS = new Caller("", "", Set.of(Scope.PUBLIC), Quota.NONE);

  /// Somebody with no key, where none are asked for.
  public static final Caller TRUSTED =
      new Caller("", "", Set.of(Scope.PUBLIC, Scope.INFERENCE, Scope.METRICS), Quota.NONE);

  public Caller {
    scopes = Set.copyOf(scopes);
  }
}
