/// Who may do what, and how much: keys, quotas, and checks of where a request comes from.
package dev.educe.server.access;
