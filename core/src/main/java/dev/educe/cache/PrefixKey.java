package dev.educe.cache;

/// What must be equal, besides the tokens, before keys and values may be shared.
///
/// @param tenant who asks; what one tenant computed is never shown to another, not even by its
///   speed
/// @param model tells the weights apart, as a hash of them does
/// @param adapter what changes the weights; empty for none
/// @param kv how keys and values are stored
/// @param contract the version of the arithmetic contract
public record PrefixKey(String tenant, String model, String adapter, String kv, int contract) {
  /// The same for weights that are told apart so.
  public PrefixKey withModel(String model) {
    return new PrefixKey(tenant, model, adapter, kv, contract);
  }

  /// The same for another tenant.
  public PrefixKey withTenant(String tenant) {
    return new PrefixKey(tenant, model, adapter, kv, contract);
  }
}
