/// What the machine gives, behind small interfaces that tests can replace and count.
package dev.educe.platform;
