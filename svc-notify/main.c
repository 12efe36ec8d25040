/* The notify service as a program. */
#include "notify_service.h"

#include <evt/main.h>

int main(int argc, char **argv)
{
    return evt_service_main(argc, argv, &notify_service);
}
