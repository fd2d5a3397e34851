/* A clock for relative times: they move on without anything being asked. */

import { ref } from 'vue';

export const now = ref(Date.now());
setInterval(() => { now.value = Date.now(); }, 15000);
