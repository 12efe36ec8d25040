/* The payment service as a program. */
#include "payment_service.h"

#include <evt/main.h>

int main(int argc, char **argv)
{
    return evt_service_main(argc, argv, &payment_service);
}
