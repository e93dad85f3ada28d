package dev.educe.server.batch;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// A disk that remembers in which order it was written to, and can be had as it is after the power
/// was cut at any moment: with any part of what was not synced. Thread-safe.
///
/// Contents are synced file by file, names folder by folder; what is not synced survives or not in
/// sectors of 512 bytes, in any order, and where a later one survives zeros stand for the earlier.
/// A rename survives whole or not at all. Folders are there once they are made.
final class CrashDisk {
  private static final int SECTOR_BYTES = 512;

  /// What was done to a disk.
  sealed interface Act {
    record Made(String path, int inode) implements Act {}

    record Wrote(int inode, long at, byte[] bytes) implements Act {}

    record Cut(int inode, long size) implements Act {}

    record Synced(int inode) implements Act {}

    record Moved(String from, String to, int inode) implements Act {}

    record Deleted(String path) implements Act {}

    record SyncedFolder(String path) implements Act {}

    /// Something that the test wants to know the place of.
    record Mark(String text) implements Act {}
  }

  /// What becomes of what was not synced when the power is cut.
  enum Unsynced {
    LOST,
    KEPT,
    TORN
  }

  private final List<Act> acts = new ArrayList<>();
  private final TreeSet<String> folders = new TreeSet<>();
  private final TreeMap<String, Integer> names = new TreeMap<>();
  private final Map<Integer, byte[]> contents = new HashMap<>();
  private final CrashFiles files = new CrashFiles(this);
  private int inodes;

  Path root() {
    return files.getPath("/");
  }

  /// What was done so far, in order.
  synchronized List<Act> acts() {
    return List.copyOf(acts);
  }

  synchronized void mark(String text) {
    acts.add(new Act.Mark(text));
  }

  synchronized boolean isFolder(String path) {
    return path.equals("/") || folders.contains(path);
  }

  synchronized boolean makeFolder(String path) {
    return folders.add(path);
  }

  /// The inode of a file, or -1.
  synchronized int find(String path) {
    return names.getOrDefault(path, -1);
  }

  synchronized int make(String path) {
    int inode = inodes++;
    does(new Act.Made(path, inode));
    return inode;
  }

  synchronized byte[] content(int inode) {
    return contents.get(inode);
  }

  synchronized List<String> list(String folder) {
    return names.keySet().stream().filter(path -> folder(path).equals(folder)).toList();
  }

  private static String folder(String path) {
    return path.substring(0, Math.max(1, path.lastIndexOf('/')));
  }

  synchronized void does(Act act) {
    acts.add(act);
    switch (act) {
      case Act.Made(String path, int inode) -> {
        names.put(path, inode);
        contents.put(inode, new byte[0]);
      }
      case Act.Wrote(int inode, long at, byte[] bytes) ->
          contents.put(inode, written(contents.get(inode), at, bytes));
      case Act.Cut(int inode, long size) ->
          contents.put(inode, Arrays.copyOf(contents.get(inode), (int) size));
      case Act.Moved(String from, String to, int inode) -> {
        names.remove(from);
        names.put(to, inode);
      }
      case Act.Deleted(String path) -> names.remove(path);
      case Act.Synced _, Act.SyncedFolder _, Act.Mark _ -> {}
    }
  }

  private static byte[] written(byte[] before, long at, byte[] bytes) {
    var after = Arrays.copyOf(before, Math.max(before.length, (int) at + bytes.length));
    System.arraycopy(bytes, 0, after, (int) at, bytes.length);
    return after;
  }

  /// The disk after the power was cut behind the first so many acts.
  CrashDisk after(int count, Unsynced unsynced, Random random) {
    var contentsKept = new HashMap<Integer, byte[]>();
    var contentsOpen = new LinkedHashMap<Integer, List<Act>>();
    var namesKept = new TreeMap<String, Integer>();
    var namesOpen = new ArrayList<Act>();
    for (Act act : acts().subList(0, count)) {
      switch (act) {
        case Act.Made made -> {
          contentsKept.put(made.inode, new byte[0]);
          namesOpen.add(made);
        }
        case Act.Wrote wrote -> open(contentsOpen, wrote.inode).add(wrote);
        case Act.Cut cut -> open(contentsOpen, cut.inode).add(cut);
        case Act.Synced(int inode) -> {
          open(contentsOpen, inode).forEach(each -> keep(contentsKept, each, true, random));
          contentsOpen.remove(inode);
        }
        case Act.Moved moved -> namesOpen.add(moved);
        case Act.Deleted deleted -> namesOpen.add(deleted);
        case Act.SyncedFolder(String folder) -> {
          var synced = namesOpen.stream().filter(each -> isIn(folder, each)).toList();
          synced.forEach(each -> rename(namesKept, each));
          namesOpen.removeAll(synced);
        }
        case Act.Mark _ -> {}
      }
    }
    if (unsynced != Unsynced.LOST) {
      boolean isWhole = unsynced == Unsynced.KEPT;
      for (List<Act> open : contentsOpen.values()) {
        open.forEach(each -> keep(contentsKept, each, isWhole, random));
      }
      namesOpen.stream()
          .filter(_ -> isWhole || random.nextBoolean())
          .forEach(each -> rename(namesKept, each));
    }
    var disk = new CrashDisk();
    disk.folders.addAll(folders);
    disk.inodes = inodes;
    disk.names.putAll(namesKept);
    disk.contents.putAll(contentsKept);
    return disk.settled();
  }

  /// What is on this disk was always there: it cannot be lost any more.
  private CrashDisk settled() {
    names.forEach((path, inode) -> {
      acts.add(new Act.Made(path, inode));
      acts.add(new Act.Wrote(inode, 0, contents.get(inode)));
      acts.add(new Act.Synced(inode));
    });
    acts.add(new Act.SyncedFolder("/"));
    folders.forEach(folder -> acts.add(new Act.SyncedFolder(folder)));
    return this;
  }

  private static List<Act> open(Map<Integer, List<Act>> all, int inode) {
    return all.computeIfAbsent(inode, _ -> new ArrayList<>());
  }

  private static boolean isIn(String folder, Act act) {
    String path =
        switch (act) {
          case Act.Made made -> made.path;
          case Act.Moved moved -> moved.to;
          case Act.Deleted deleted -> deleted.path;
          default -> throw new AssertionError(act);
        };
    return folder(path).equals(folder);
  }

  private static void rename(Map<String, Integer> names, Act act) {
    switch (act) {
      case Act.Made(String path, int inode) -> names.put(path, inode);
      case Act.Moved(String from, String to, int inode) -> {
        names.remove(from);
        names.put(to, inode);
      }
      case Act.Deleted(String path) -> names.remove(path);
      default -> throw new AssertionError(act);
    }
  }

  private static void keep(Map<Integer, byte[]> contents, Act act, boolean isWhole, Random random) {
    switch (act) {
      case Act.Cut(int inode, long size) -> {
        if (isWhole || random.nextBoolean()) {
          contents.put(inode, Arrays.copyOf(contents.get(inode), (int) size));
        }
      }
      case Act.Wrote(int inode, long at, byte[] bytes) -> {
        int from = 0;
        while (from < bytes.length) {
          // Sectors are those of the file, not of what was written into it.
          int to = Math.min(bytes.length, from + SECTOR_BYTES - (int) (at + from) % SECTOR_BYTES);
          if (isWhole || random.nextBoolean()) {
            byte[] sector = Arrays.copyOfRange(bytes, from, to);
            contents.put(inode, written(contents.get(inode), at + from, sector));
          }
          from = to;
        }
      }
      default -> throw new AssertionError(act);
    }
  }

  @Override
  public synchronized String toString() {
    return names.entrySet().stream()
        .map(entry -> entry.getKey() + " " + contents.get(entry.getValue()).length)
        .collect(Collectors.joining(", "));
  }
}
