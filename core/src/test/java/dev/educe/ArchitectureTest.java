package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Holds the order of the packages, and a few calls that belong in one place or nowhere.
class ArchitectureTest {
  /// Fewer classes than this would mean that the test looks in the wrong place.
  private static final int CLASSES_MIN = 60;

  /// What each package may use besides itself, lowest first; the same table as in ARCHITECTURE.md.
  /// A star is all above. The root package, which is the public API, may use all.
  private static final String TABLE =
      """
      platform:
      tensor: platform
      format: platform tensor
      kernels: platform tensor
      tokenizer: format
      template:
      grammar: tokenizer
      model: format tensor
      huggingface: model tokenizer format tensor
      cache: platform model tensor
      backend: cache model kernels format tensor platform
      sampling: grammar kernels tensor
      engine: *
      optimize: *
      """;

  private static final Map<String, Set<String>> MAY_USE = new HashMap<>();

  /// Whoever opens an arena must close it; all others borrow. Generated code needs arenas of its
  /// own, for the memory of a single call.
  private static final List<String> OPENS_ARENAS =
      List.of("dev.educe.platform.Region", "dev.educe.kernels.codegen.");

  private static final JavaClasses CLASSES;

  static {
    for (String line : TABLE.lines().toList()) {
      var names = List.of(line.split(":? +|:"));
      var used = names.subList(1, names.size());
      MAY_USE.put(
          names.getFirst(), Set.copyOf(used.equals(List.of("*")) ? MAY_USE.keySet() : used));
    }
    // ArchUnit logs; where nothing listens, that says so on standard error.
    System.setProperty("slf4j.internal.verbosity", "ERROR");
    CLASSES =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.educe");
  }

  @Test
  void theTestSeesTheClasses() {
    assertTrue(CLASSES.size() >= CLASSES_MIN, "only " + CLASSES.size() + " classes were seen");
  }

  @Test
  void aPackageUsesOnlyThoseBelowIt() {
    var violations = new ArrayList<String>();
    for (JavaClass user : CLASSES) {
      for (Dependency dependency : user.getDirectDependenciesFromSelf()) {
        String used = dependency.getTargetClass().getPackageName();
        if (used.startsWith("dev.educe") && !mayUse(layer(user.getPackageName()), layer(used))) {
          violations.add(dependency.getDescription());
        }
      }
    }
    assertNone("these uses point up, or past the table in ARCHITECTURE.md", violations);
  }

  @Test
  void everyPackageIsInTheTable() {
    var unknown =
        CLASSES.stream()
            .map(JavaClass::getPackageName)
            .filter(name -> !layer(name).isEmpty() && !MAY_USE.containsKey(layer(name)))
            .distinct()
            .toList();
    assertNone("these packages are in no layer; add them to both tables", unknown);
  }

  @Test
  void callsStayWhereTheyBelong() {
    assertNone("these calls do not belong there", misplacedCalls(CLASSES));
  }

  /// The rules see an offender: this test's own, below.
  @Test
  void theRulesFindOffenders() {
    var offences =
        String.join("\n", misplacedCalls(new ClassFileImporter().importClasses(Offender.class)));
    assertEquals(4, offences.lines().count(), offences);
    assertTrue(offences.contains("opens an arena"), offences);
    assertTrue(offences.contains("creates a RuntimeException"), offences);
    assertTrue(offences.contains("uses System.out"), offences);
    assertTrue(offences.contains("uses System.err"), offences);
    assertFalse(mayUse("platform", "tensor"));
    assertFalse(mayUse("format", "model"));
    assertFalse(mayUse("model", "kernels"));
    assertFalse(mayUse("engine", "optimize"));
    assertFalse(mayUse("engine", ""));
    assertFalse(mayUse("template", "platform"));
    assertTrue(mayUse("engine", "template"));
    assertTrue(mayUse("optimize", "engine"));
    assertTrue(mayUse("sampling", "kernels"));
    assertTrue(mayUse("", "optimize"));
  }

  private static List<String> misplacedCalls(JavaClasses classes) {
    var violations = new ArrayList<String>();
    for (JavaClass user : classes) {
      for (var call : user.getMethodCallsFromSelf()) {
        if (call.getTargetOwner().isEquivalentTo(Arena.class)
            && call.getName().matches("of.+|global")
            && OPENS_ARENAS.stream().noneMatch(user.getName()::startsWith)) {
          violations.add("opens an arena: " + call.getDescription());
        }
      }
      for (var call : user.getConstructorCallsFromSelf()) {
        // A constructor of an exception of ours calls that of its superclass.
        boolean own = user.isAssignableTo(Throwable.class);
        if (!own && isGeneric(call.getTargetOwner())) {
          String name = call.getTargetOwner().getSimpleName();
          violations.add("creates a " + name + ": " + call.getDescription());
        }
      }
      for (var access : user.getFieldAccessesFromSelf()) {
        if (access.getTargetOwner().isEquivalentTo(System.class)) {
          violations.add("uses System." + access.getName() + ": " + access.getDescription());
        }
      }
    }
    return violations;
  }

  private static boolean isGeneric(JavaClass type) {
    return Stream.of(Throwable.class, Exception.class, RuntimeException.class, Error.class)
        .anyMatch(type::isEquivalentTo);
  }

  private static boolean mayUse(String user, String used) {
    return user.isEmpty()
        || user.equals(used)
        || MAY_USE.getOrDefault(user, Set.of()).contains(used);
  }

  /// The first name below the root package: `kernels` for `dev.educe.kernels.codegen`.
  private static String layer(String packageName) {
    String below = packageName.substring(Math.min("dev.educe.".length(), packageName.length()));
    return below.split("\\.", 2)[0];
  }

  private static void assertNone(String message, List<String> violations) {
    assertEquals(0, violations.size(), () -> message + ":\n" + String.join("\n", violations));
  }

  /// Does what nobody may; never called.
  private static final class Offender {
    void offend() {
      System.out.println(Arena.ofAuto().allocate(1));
      System.err.println();
      throw new RuntimeException();
    }
  }
}
