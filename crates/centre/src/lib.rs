//! What people do at a health data centre, one operation a file: policy asked, work done, entry written.
