package dev.educe.cli;

import java.lang.reflect.Proxy;

/// What happens on SIGTERM and Ctrl-C in place of the JVM's own way.
///
/// The class for it is not part of the platform's documented interface, though every JVM has it: it
/// is looked up by name, and without it the JVM's own way remains.
final class Signals {
  private Signals() {}

  /// Runs `action` each time one of the signals comes, on a thread of its own.
  ///
  /// @param names without `SIG`
  static void handle(Runnable action, String... names) {
    try {
      var signal = Class.forName("sun.misc.Signal");
      var handler = Class.forName("sun.misc.SignalHandler");
      var proxy =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, arguments) -> called(action, self, method.getName(), arguments));
      for (String name : names) {
        signal
            .getMethod("handle", signal, handler)
            .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
      }
    } catch (ReflectiveOperationException | IllegalArgumentException _) {
      // Ctrl-C then ends the process by the shutdown hook.
    }
  }

  private static Object called(Runnable action, Object self, String method, Object[] arguments) {
    return switch (method) {
      case "handle" -> {
        action.run();
        yield null;
      }
      case "hashCode" -> System.identityHashCode(self);
      case "equals" -> self == arguments[0];
      default -> "the command's handler of signals";
    };
  }
}
