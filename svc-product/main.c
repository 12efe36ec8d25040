/* The product service as a program. */
#include "product_service.h"

#include <evt/main.h>

int main(int argc, char **argv)
{
    return evt_service_main(argc, argv, &product_service);
}
