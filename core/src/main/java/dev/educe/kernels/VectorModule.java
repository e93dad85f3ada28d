package dev.educe.kernels;

import java.util.Optional;

/// The module of the Vector API, which the virtual machine may have been started without.
///
/// As an incubating one it keeps a machine that is started with it from using what it has linked
/// ahead of time, and makes it print a warning. The JDK itself adds modules later, for agents and
/// management; where a launcher opens the way to that with `--add-exports
/// java.base/jdk.internal.module=dev.educe`, the module is added once vectors are wanted.
final class VectorModule {
  static final String NAME = "jdk.incubator.vector";

  private static final boolean IS_PRESENT =
      ModuleLayer.boot().findModule(NAME).isPresent() || add();

  private VectorModule() {}

  /// Whether it is there, or could be added.
  static boolean isPresent() {
    return IS_PRESENT;
  }

  private static boolean add() {
    Module own = VectorModule.class.getModule();
    Optional<Module> base = ModuleLayer.boot().findModule("java.base");
    if (!base.orElseThrow().isExported("jdk.internal.module", own)) {
      return false;
    }
    try {
      var module =
          (Module)
              Class.forName("jdk.internal.module.Modules")
                  .getMethod("loadModule", String.class)
                  .invoke(null, NAME);
      own.addReads(module);
      return true;
    } catch (ReflectiveOperationException _) {
      return false; // a JDK without the module, or one that does it in another way
    }
  }
}
