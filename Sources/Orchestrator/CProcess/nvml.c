#define _GNU_SOURCE
#include "CProcess.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

// The few declarations of NVML's stable C interface that are used; 0 is its success code.
typedef void *device_handle;
struct utilization { unsigned gpu, memory; };
struct memory { unsigned long long total, free, used; };
enum { SENSOR_GPU_DIE = 0 };

struct cprocess_nvml {
    void *library;
    int (*shutdown)(void);
    int (*count)(unsigned *);
    int (*handle)(unsigned, device_handle *);
    int (*name)(device_handle, char *, unsigned);
    int (*utilization)(device_handle, struct utilization *);
    int (*memory)(device_handle, struct memory *);
    int (*temperature)(device_handle, int, unsigned *);
    int (*power)(device_handle, unsigned *);    // milliwatts
};

cprocess_nvml *cprocess_nvml_open(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) return NULL;
    int (*init)(void) = (int (*)(void))dlsym(library, "nvmlInit_v2");
    cprocess_nvml *nvml = calloc(1, sizeof *nvml);
    if (!nvml || !init || init() != 0) {
        free(nvml);
        dlclose(library);
        return NULL;
    }
    nvml->library = library;
    *(void **)&nvml->shutdown = dlsym(library, "nvmlShutdown");
    *(void **)&nvml->count = dlsym(library, "nvmlDeviceGetCount_v2");
    *(void **)&nvml->handle = dlsym(library, "nvmlDeviceGetHandleByIndex_v2");
    *(void **)&nvml->name = dlsym(library, "nvmlDeviceGetName");
    *(void **)&nvml->utilization = dlsym(library, "nvmlDeviceGetUtilizationRates");
    *(void **)&nvml->memory = dlsym(library, "nvmlDeviceGetMemoryInfo");
    *(void **)&nvml->temperature = dlsym(library, "nvmlDeviceGetTemperature");
    *(void **)&nvml->power = dlsym(library, "nvmlDeviceGetPowerUsage");
    return nvml;
}

unsigned cprocess_nvml_count(const cprocess_nvml *nvml) {
    unsigned count = 0;
    return nvml->count && nvml->count(&count) == 0 ? count : 0;
}

int cprocess_nvml_sample(const cprocess_nvml *nvml, unsigned index, struct cprocess_gpu *sample) {
    memset(sample, 0, sizeof *sample);
    device_handle device = NULL;
    if (!nvml->handle) return -1;
    int error = nvml->handle(index, &device);
    if (error) return error;
    struct utilization utilization = {0};
    struct memory memory = {0};
    unsigned number = 0;
    // Each is optional: virtual GPUs and old drivers refuse some of them.
    if (nvml->name && nvml->name(device, sample->name, sizeof sample->name) != 0) sample->name[0] = 0;
    sample->name[sizeof sample->name - 1] = 0;
    if (nvml->utilization && nvml->utilization(device, &utilization) == 0) sample->utilisation = utilization.gpu / 100.0;
    if (nvml->memory && nvml->memory(device, &memory) == 0) {
        sample->memory_used = memory.used;
        sample->memory_total = memory.total;
    }
    if (nvml->temperature && nvml->temperature(device, SENSOR_GPU_DIE, &number) == 0) sample->temperature = number;
    if (nvml->power && nvml->power(device, &number) == 0) sample->power = number / 1000.0;
    return 0;
}

void cprocess_nvml_close(cprocess_nvml *nvml) {
    if (!nvml) return;
    if (nvml->shutdown) nvml->shutdown();
    dlclose(nvml->library);
    free(nvml);
}
