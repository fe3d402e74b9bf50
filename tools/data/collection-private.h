/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tools/data/dataset.h"

G_BEGIN_DECLS

typedef struct {
  Manifest *manifest;
  Cache *cache;     /* after collection_decode() */
  gboolean *needed; /* [rows] */
} CollectionMember;

/* Loads the manifest on first use. */
CollectionMember *
collection_member (Collection *collection, const char *path, GError **error);
const CacheFormat *collection_format (const Collection *collection);

G_END_DECLS
